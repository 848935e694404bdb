import * as vega from 'vega'
import { compile } from 'vega-lite'
import type { TopLevelSpec } from 'vega-lite'
import { DETECTORS } from '../../agent/evaluation/index.ts'
import type { Reliability } from '../../agent/evaluation/index.ts'
import { SHOWN_BASE_RATE, PANELS } from './picture-data.ts'
import type { PanelPoint, PictureData } from './picture-data.ts'

/** A drawn picture, ready for a file. */
export interface Picture {
  readonly file: string
  /** For people who do not see it. */
  readonly title: string
  readonly svg: string
}

/** Okabe and Ito's colours, told apart with any kind of colour vision; the rules, drawn dashed, take the greyer half. */
const COLOURS: readonly string[] = ['#D55E00', '#0072B2', '#009E73', '#CC79A7', '#8A6D00', '#56B4E9', '#555555', '#A89AC9']
const DASHES: readonly (readonly number[])[] = [[1, 0], [1, 0], [1, 0], [1, 0], [5, 3], [5, 3], [5, 3], [5, 3]]

/** All five, drawn without a browser. */
export async function drawPictures(data: PictureData): Promise<readonly Picture[]> {
  const drawings: readonly (readonly [file: string, title: string, spec: TopLevelSpec])[] = [
    ['roc.svg', 'ROC: share of attack flows found over share of benign flows called', lines(data.roc, {
      x: { title: 'benign flows called (FPR)', scale: { type: 'log', domain: [1e-4, 1] } }, y: 'attack flows found (TPR)', isStep: true,
      panels: [PANELS.macro, PANELS.pooled],
    })],
    ['precision-recall.svg', `Precision over recall where one flow in ${1 / SHOWN_BASE_RATE} is an attack`, lines(data.precisionRecall, {
      x: { title: 'attack flows found (recall)', scale: { domain: [0, 1] } },
      y: `precision at base rate 1:${1 / SHOWN_BASE_RATE}`, isLogarithmic: true,
      panels: [PANELS.macro, PANELS.pooled],
    })],
    ['time-to-detect.svg', 'Time to detect: share of attackers and victims alerted on', lines(data.timeToDetect, {
      x: { title: 'since the first packet of the attack', scale: { type: 'log', nice: true } }, y: 'alerted on',
      isStep: true, isIndependent: true,
      panels: [PANELS.ms, PANELS.packets],
    })],
    ['reliability.svg', 'Reliability: share that was true over predicted probability', reliabilityPanels(data)],
    ['confusion.svg', 'Confusion by category: what attackers and victims were named for', confusionGrid(data)],
  ]
  return Promise.all(drawings.map(async ([file, title, spec]) => ({ file, title, svg: await draw(spec, title) })))
}

async function draw(spec: TopLevelSpec, title: string): Promise<string> {
  const compiled = compile({
    ...spec, title: { text: title, anchor: 'start', fontSize: 15, offset: 14 }, background: '#ffffff', padding: 12,
    config: {
      font: 'DejaVu Sans, Verdana, sans-serif', view: { stroke: '#999999' },
      axis: { labelFontSize: 11, titleFontSize: 12, titleFontWeight: 'normal', gridColor: '#e6e6e6', labelColor: '#333333' },
      legend: { labelFontSize: 11, titleFontSize: 12, symbolSize: 300, symbolStrokeWidth: 2.5, labelLimit: 240 },
      header: { labelFontSize: 12, labelFontWeight: 'bold', titleFontSize: 12 },
    },
  })
  const svg = await new vega.View(vega.parse(compiled.spec), { renderer: 'none' }).toSVG()
  // A screen reader takes the first title for the name of the picture.
  return `${svg.replace(/^<svg ([^>]*)>/, `<svg $1 role="img" aria-label="${escaped(title)}"><title>${escaped(title)}</title>`)}\n`
}

/** Lines at whole powers of ten; all between would be most of the file. */
const DECADES = { values: Array.from({ length: 12 }, (_, index) => 10 ** (index - 4)), format: '~g' }

interface LineAxes {
  readonly x: {
    readonly title: string
    readonly scale: { readonly type?: 'log'; readonly domain?: number[]; readonly nice?: boolean }
  }
  readonly y: string
  /** A value holds until the next point; otherwise it is that of the next point. */
  readonly isStep?: boolean
  readonly isIndependent?: boolean
  /** The y axis begins at the base rate, where a guess stands. */
  readonly isLogarithmic?: boolean
  readonly panels: readonly string[]
}

function lines(points: readonly PanelPoint[], { x, y, isStep, isIndependent, isLogarithmic, panels }: LineAxes): TopLevelSpec {
  const detectors = DETECTORS.filter((detector) => points.some((point) => point.detector === detector))
  const yScale = isLogarithmic === true ? { type: 'log' as const, domain: [SHOWN_BASE_RATE, 1], clamp: true } : { domain: [0, 1] }
  // A clamped axis would draw smaller powers at its end.
  const inside = DECADES.values.filter((value) => value >= SHOWN_BASE_RATE && value <= 1)
  const yAxis = isLogarithmic === true ? { ...DECADES, values: inside } : {}
  const range = <T>(of: readonly T[]): T[] => detectors.map((detector) => of[DETECTORS.indexOf(detector)]!)
  return {
    data: { values: points.map((point, order) => ({ ...point, order })) },
    facet: { column: { field: 'panel', type: 'nominal', sort: [...panels], title: null } },
    spec: {
      width: 300, height: 260,
      mark: { type: 'line', clip: true, interpolate: isStep === true ? 'step-after' : 'step-before' },
      encoding: {
        x: { field: 'x', type: 'quantitative', ...x, axis: x.scale.type === 'log' ? DECADES : { tickCount: 5 } },
        y: { field: 'y', type: 'quantitative', title: y, scale: yScale, axis: yAxis },
        order: { field: 'order', type: 'quantitative' },
        color: { field: 'detector', type: 'nominal', title: null, scale: { domain: detectors, range: range(COLOURS) } },
        strokeDash: {
          field: 'detector', type: 'nominal', title: null, scale: { domain: detectors, range: range(DASHES).map((dash) => [...dash]) },
        },
        strokeWidth: { condition: { test: "datum.detector === 'fusion'", value: 3 }, value: 1.7 },
      },
    },
    resolve: { scale: { x: isIndependent === true ? 'independent' : 'shared' } },
  }
}

function reliabilityPanels({ reliability: { entities, flows } }: PictureData): TopLevelSpec {
  const panel = (found: Reliability, what: string): { values: object[]; title: string } => ({
    title: `${what}: attacks ${((found.baseRate ?? 0) * 100).toPrecision(2)} % of all, ECE ${(found.expectedError ?? 0).toPrecision(2)}`,
    values: found.bins.filter(({ count }) => count > 0).map(({ predicted, observed, count }) => ({
      predicted, observed: observed.value, low: observed.lower95, high: observed.upper95, count,
    })),
  })
  return {
    hconcat: [panel(entities, 'entities'), panel(flows, 'flows')].map(({ values, title }) => ({
      title: { text: title, fontSize: 12 }, width: 300, height: 300, data: { values },
      layer: [
        {
          data: { values: [{ predicted: 0, observed: 0 }, { predicted: 1, observed: 1 }] },
          mark: { type: 'line', color: '#999999', strokeDash: [4, 4] },
          encoding: { x: { field: 'predicted', type: 'quantitative' }, y: { field: 'observed', type: 'quantitative' } },
        },
        {
          mark: { type: 'rule', color: COLOURS[0]!, strokeWidth: 1.5 },
          encoding: {
            x: { field: 'predicted', type: 'quantitative', title: 'predicted probability', scale: { domain: [0, 1] } },
            y: { field: 'low', type: 'quantitative', title: 'share that was true', scale: { domain: [0, 1] } }, y2: { field: 'high' },
          },
        },
        {
          mark: { type: 'point', filled: true, color: COLOURS[0]!, size: 70, opacity: 1 },
          encoding: { x: { field: 'predicted', type: 'quantitative' }, y: { field: 'observed', type: 'quantitative' } },
        },
        {
          mark: { type: 'text', align: 'left', dx: 7, dy: -7, fontSize: 11, color: '#333333' },
          encoding: {
            x: { field: 'predicted', type: 'quantitative' }, y: { field: 'observed', type: 'quantitative' },
            text: { field: 'count', type: 'quantitative', format: ',' },
          },
        },
      ],
    })),
  }
}

function confusionGrid({ confusion }: PictureData): TopLevelSpec {
  const rows = [...new Set(confusion.map(({ actual }) => actual))]
  const columns = [...new Set(confusion.map(({ named }) => named))]
  const totals = new Map(rows.map((actual) => [actual, confusion.filter((cell) => cell.actual === actual)
    .reduce((sum, { count }) => sum + count, 0)]))
  return {
    data: { values: confusion.map((cell) => ({ ...cell, share: cell.count / Math.max(1, totals.get(cell.actual)!) })) },
    width: { step: 62 }, height: { step: 34 },
    encoding: {
      x: { field: 'named', type: 'nominal', sort: columns, title: 'named for', axis: { labelAngle: -30 } },
      y: { field: 'actual', type: 'nominal', sort: rows, title: 'did' },
    },
    layer: [
      {
        mark: { type: 'rect', stroke: '#cccccc' },
        encoding: {
          color: {
            field: 'share', type: 'quantitative', legend: null,
            scale: { domain: [0, 1], range: ['#ffffff', '#08519c'], interpolate: 'rgb' },
          },
        },
      },
      {
        transform: [{ filter: 'datum.count > 0' }],
        mark: { type: 'text', fontSize: 12 },
        encoding: {
          text: { field: 'count', type: 'quantitative' },
          color: { condition: { test: 'datum.share > 0.55', value: '#ffffff' }, value: '#222222' },
        },
      },
    ],
  }
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
