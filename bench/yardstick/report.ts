import { RULE_FLOWS_MIN, TRIVIAL_RULES } from '../../agent/evaluation/index.ts'
import type { Separation } from '../../agent/evaluation/index.ts'
import type { Figures } from './figures.ts'
import type { FrozenFold } from './fold-models.ts'
import type { Picture } from './pictures.ts'
import type { PictureData } from './picture-data.ts'
import {
  categoryTable, counted, falseAlarmTable, flowCategoryTable, flowTable, macroTable, markdown, number, pooledTable, share,
sourceTable,
} from './tables.ts'

/** Everything that one run found. */
export interface YardstickRun {
  readonly date: string
  readonly command: string
  /** One hash over models, thresholds and manifests, printed before anything was judged. */
  readonly hash: string
  readonly folds: readonly FrozenFold[]
  /** What is missing or could not be read, a sentence each. */
  readonly notes: readonly string[]
  readonly figures: Figures
  /** Captures in which only content tells. */
  readonly payload: Figures
  readonly drawn: PictureData
  readonly separation: Separation | undefined
}

/** The run in words and tables, for a terminal and for docs/yardstick.md. */
export function reportOf(run: YardstickRun, pictures: readonly Picture[]): string {
  return `${[
    '# The yardstick', introduction(run), target(run), pooled(run), byCategory(run), bySource(run), pictureSection(run, pictures),
    separationSection(run.separation), payloadSection(run), foldSection(run),
  ].join('\n\n')}\n`
}

function introduction({ command, date, hash, notes, figures: { base } }: YardstickRun): string {
  const share = (part: number, rest: number): string => percent(part / (part + rest))
  return `Made by \`${command}\` on ${date}; do not edit by hand. Hash over all models, thresholds and manifests, fixed before the first
capture was judged: \`${hash}\`.

Every source of attacks is left out once: models and thresholds come from all other sources, then the left-out source is
judged together with its
share of the benign files, each of which is held out once. \`range-test\` trains nothing, ever. Captures of strength
\`payload\` stand apart.

${notes.length === 0 ? 'Nothing is missing.' : `**What is missing or went wrong:**\n\n${notes.map((note) => `- ${note}`).join('\n')}`}

**Base rates.** ${integer(base.captures)} captures, ${integer(base.packets)} packets, ${base.hours.toFixed(2)} active hours.
Flows: ${integer(base.attackFlows)} of attacks and ${integer(base.benignFlows)} benign
(${share(base.attackFlows, base.benignFlows)} attacks).
Entities: ${integer(base.truths)} attackers or victims and ${integer(base.innocents)} innocents
(${share(base.truths, base.innocents)} attackers).
No share below means anything without these.

**Detectors.**

- *fusion* is the agent as it ships, with the fold's models; *tests alone* the same without either model. A flow's score
  holds no model, so both rank flows alike.
- *forest alone* and *LSTM alone* name the source of a row above what one held-out benign row of training in a hundred
  (alerted) or in a thousand
  (acted on) reaches, and rank a flow by its highest row. They read one row of a host a second, so most flows have none.
- Trivial rules, each naming a host with ${RULE_FLOWS_MIN} such flows:
${TRIVIAL_RULES.map(({ name, says }) => `  - *${name}*: ${says}`).join('\n')}

Models and rules know no category, so it is not asked of them, and they name sources only: victims of spoofed floods are misses.
Only fusion and tests must name the right category in the right window.

**Intervals** are at 95 %: Clopper-Pearson for counts, Chernoff-Hoeffding for means over groups (whatever the distribution,
if the groups are draws
from what the agent will meet), exact one-sided Poisson for rates. Flows of one capture are not independent, so intervals of
pooled flow figures are
too narrow. The explicit tests were repaired by people who had seen the public captures: for them nothing but \`range-test\`
is unseen.`
}

function target({ figures }: YardstickRun): string {
  return `## Target figure: macro mean over (source, category)

One vote each, whatever the number of attackers or flows. Flows are ranked within their fold: attack flows of the left-out
source and category
against its own benign flows and the benign files held out with it. With fewer than 1 000 benign flows, FPR 0.1 % means not a
single false one.
A capture that is malicious as a whole names no category (\`unnamed\`) and has a vote in flows only.

${macroTable(figures)}`
}

function pooled({ figures }: YardstickRun): string {
  return `## Pooled: every flow and every entity in one pot

${pooledTable(figures)}

False alarms, on captures whose default is benign for the rates (${figures.base.benignDays.toFixed(3)} days); in brackets the
upper bound:

${falseAlarmTable(figures)}`
}

function byCategory({ figures }: YardstickRun): string {
  return `## By category, the worst first

Alerted on:

${categoryTable(figures, 'alerted')}

Acted on:

${categoryTable(figures, 'enforced')}

Flows: TPR at FPR 0.1 %, mean over the sources that have benign flows beside them (a group is one vote, so no interval: there
are too few):

${flowCategoryTable(figures)}`
}

function bySource({ figures }: YardstickRun): string {
  return `## By source and category, the worst first

Alerted on:

${sourceTable(figures, 'alerted')}

Acted on:

${sourceTable(figures, 'enforced')}

Flow TPR at FPR 0.1 %:

${flowTable(figures, 'truePositiveRate')}

Flow AUC:

${flowTable(figures, 'auc')}`
}

function pictureSection({ drawn: { reliability: { entities, flows } } }: YardstickRun, pictures: readonly Picture[]): string {
  const error = (value: number | null): string => (value === null ? 'not known' : value.toPrecision(2))
  return `## Pictures

Curves use one threshold for all folds; *tests alone* lies on *fusion* and is not drawn twice. Precision is drawn for a
network in which one flow in
a thousand is an attack. A time-to-detect curve that ends below 1 missed the rest. Expected calibration error of posteriors:
entities
${error(entities.expectedError)} at a base rate of ${percent(entities.baseRate ?? 0)}, flows ${error(flows.expectedError)} at
${percent(flows.baseRate ?? 0)};
entities of whom nothing was reported count with the prior of .001, and the prior is a policy for gateways, not for staged
captures. In the confusion, *nobody* are misses, *innocent* are false accusations.

${pictures.map(({ file, title }) => `![${title}](pictures/${file})`).join('\n\n')}`
}

function separationSection(separation: Separation | undefined): string {
  const head = '## How well sources of benign traffic can be told apart'
  if (separation === undefined) return `${head}\n\nNot measured: it takes two sources with two benign files each.`
  const { sources, fileCounts, chance, outcomes, leftOut } = separation
  const heads = sources.map((source, index) => `${source}: files told right of ${fileCounts[index]}`)
  const table = markdown(
    ['classifier', 'balanced accuracy over rows', ...heads],
    outcomes.map(({ classifier, balancedAccuracy, files }) => [classifier, number(balancedAccuracy, 3), ...files.map(share)]),
  )
  return `${head}

What tells sources apart can be learned in place of what was asked. Two plain classifiers on the agent's own feature rows of
benign traffic,
cross-validated by file, in balanced accuracy; **chance is ${number(chance, 3)}**. Files that mostly go to their own source,
with intervals, beside it.
${leftOut.length === 0 ? '' : `\nLeft out, with fewer than two benign files: ${leftOut.join(', ')}.\n`}
${table}`
}

function payloadSection({ payload }: YardstickRun): string {
  const { alert, enforce } = payload.pooled.fusion
  const { attackFlows, truths, captures } = payload.base
  return `## Apart: captures in which only content tells

${captures} captures, ${integer(attackFlows)} attack flows, ${truths} attackers: the agent alerts on
${counted(alert.tp, truths)} and acts on
${counted(enforce.tp, truths)}. They are in no figure above.`
}

function foldSection({ folds }: YardstickRun): string {
  const names = [...new Set(folds.flatMap(({ thresholds }) => Object.keys(thresholds)))]
  return `## Models and thresholds

${markdown(['left out', 'models', 'captures trained on', ...names], folds.map(({ source, modelHash, trainingCaptures, thresholds }) => (
    [source, modelHash, String(trainingCaptures), ...names.map((name) => shownThreshold(thresholds[name]))]
  )))}`
}

/** Scores lie below 1: a threshold of 1 stands where benign rows were too few for the rate, and is never passed. */
function shownThreshold(value: number | undefined): string {
  return value === undefined || value === 1 ? 'never' : value.toPrecision(4)
}

function percent(share: number): string {
  return `${(share * 100).toPrecision(3)} %`
}

function integer(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, ' ')
}
