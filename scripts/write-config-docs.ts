// Writes config/agent.example.yaml and config/README.md from the schema: `npm run docs:config`.
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { configReadme, exampleConfig } from '../agent/config/describe-config.ts'

const folder = path.resolve(import.meta.dirname, '..', 'config')
writeFileSync(path.join(folder, 'agent.example.yaml'), exampleConfig())
writeFileSync(path.join(folder, 'README.md'), configReadme())
console.log(`Wrote ${folder}/agent.example.yaml and README.md`)
