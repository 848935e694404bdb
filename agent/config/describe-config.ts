/** The schema as documents: config/agent.example.yaml and config/README.md. Pure; `scripts/write-config-docs.ts` writes them. */
import { stringify } from 'yaml'
import { configSchema } from './config-schema.ts'
import { defaultPaths, INSTALLED_FOLDER } from './default-paths.ts'
import { beginsLater, isLater } from './later-settings.ts'
import { listSettings } from './setting-list.ts'
import type { Setting } from './setting-list.ts'

const WIDTH = 120
/** Documents show what an installed agent does. */
const INSTALLED_PATHS = defaultPaths(`${INSTALLED_FOLDER}/agent.yaml`, '/usr/lib/phantommesh')

/** An agent.yaml that says every default, with its unit, bounds and reason above it. Keys without effect yet are commented out. */
export function exampleConfig(): string {
  const head = comment('PhantomMesh edge agent: every setting with its default. A file needs only what differs from here; files ' +
    'conf.d/*.yaml beside it are read after it, in the order of their names. Check with: phantomd check --config FILE. ' +
    'Generated from agent/config by `npm run docs:config`.', '')
  return `${[head, ...settings().map(exampleLines)].join('\n')}\n`
}

/** A page for operators with every setting. */
export function configReadme(): string {
  const sections = settings().map((setting) => (setting.isSection ? sectionMarkdown(setting) : settingMarkdown(setting)))
  return `${[README_HEAD, ...sections].join('\n').trimEnd()}\n`
}

const README_HEAD = `# Settings

Generated from \`agent/config\` by \`npm run docs:config\`; [agent.example.yaml](agent.example.yaml) holds the same as a file to begin with.

- \`phantomd\` reads the file of \`--config\`, else \`/etc/phantommesh/agent.yaml\` where it exists, else nothing: every key has a default.
- \`conf.d/*.yaml\` beside that file are read after it, in the order of their names. Later files win key by key; lists are replaced.
- With a file below \`/etc/phantommesh\` paths default to the system's folders, as shown here. With any other file, or none,
  everything stays under \`.phantommesh/\` of the checkout, so that nothing needs root.
- Unknown keys, wrong types and values out of bounds are errors. \`phantomd check\` shows all of them with line and
  suggestion, and exits with 5.
`

function settings(): Setting[] {
  return listSettings(configSchema(INSTALLED_PATHS))
}

function exampleLines({ path, description, isSection, default: value }: Setting): string {
  const indent = '  '.repeat(path.length - 1)
  const line = `${indent}${path.at(-1)!}:${isSection ? '' : ` ${inline(value)}`}`
  const text = `${comment(`${noteOf(path)}${description}`, indent)}\n${line}`
  const shown = isLater(path) ? text.replaceAll(/^/gm, '# ') : text
  return path.length === 1 ? `\n${shown}` : shown
}

function sectionMarkdown({ path, description }: Setting): string {
  return `\n${'#'.repeat(Math.min(4, path.length + 1))} ${path.join('.')}\n\n${noteOf(path)}${description}\n`
}

function noteOf(path: readonly string[]): string {
  return beginsLater(path) ? 'Accepted and checked, but without effect in this version. ' : ''
}

function settingMarkdown({ path, description, default: value }: Setting): string {
  return `- \`${path.join('.')}\` (default \`${inline(value)}\`): ${noteOf(path)}${description}`
}

function inline(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd()
}

/** Words wrapped into comment lines. */
function comment(text: string, indent: string): string {
  const lines: string[] = []
  let line = `${indent}#`
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > WIDTH) {
      lines.push(line)
      line = `${indent}#`
    }
    line += ` ${word}`
  }
  return [...lines, line].join('\n')
}
