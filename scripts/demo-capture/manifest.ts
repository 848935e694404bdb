import type { Incident } from './attackers.ts'
import { PLAN } from './plan.ts'

/** How long after a tool's end its last connections may still be closing. */
const CLOSING_MS = 2_000

/** The manifest (docs/architecture.md, labelled captures) of what the script itself started. */
export function manifestText(incidents: readonly Incident[]): string {
  const labels = [...incidents].sort((a, b) => a.fromMs - b.fromMs).map((incident) => [
    `      # ${incident.tool}`,
    `      - entity: ${incident.entity}`,
    `        peer: ${incident.peer}`,
    `        category: ${incident.category}`,
    `        from: ${new Date(incident.fromMs).toISOString()}`,
    `        to: ${new Date(incident.toMs + CLOSING_MS).toISOString()}`,
  ].join('\n'))
  return `# Written by scripts/demo-capture/make.ts from what it started and when; see README.md.
captures:
  - id: demo-gateway
    file: gateway.pcap.gz
    source: phantommesh-demo
    strength: behaviour
    home: [${PLAN.home.map((prefix) => JSON.stringify(prefix)).join(', ')}]
    default: benign
    labels:
${labels.join('\n')}
`
}
