/** Line coverage of a fuzzer's corpus, by clang's source-based instrumentation. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'

const execute = promisify(execFile)

/** Which files a fuzzer is about; all it links would say nothing. Patterns of paths under native/src. */
const ABOUT: Readonly<Record<string, RegExp>> = {
  fuzz_packets: /decode|flow_key|flow_context|fragment/,
  fuzz_meter: /meter\.h|metadata_reader|flow_table|update_flow|flow_metadata/,
  fuzz_capture_file: /capture_file|pcapng|byte_source/,
  fuzz_flow_table: /flow_table|activity|flow_index|update_flow|flow_metadata|expected|behaviour|contact|open_requests/,
  fuzz_dns: /dns_message|text_measures/,
  fuzz_lines: /ftp_line|smtp_line|http_start|ssh_packet|text_line|icmp_echo/,
  fuzz_vpn: /ike_message|openvpn|wireguard/,
  fuzz_tls: /tls|ja4|assembler/,
  fuzz_quic: /quic|tls_hello|ja4/,
}

const fileReport = z.object({ filename: z.string(), summary: z.object({ lines: z.object({ count: z.number(), covered: z.number() }) }) })

/** Share of lines run, 0..1, by file name; `program` is an instrumented fuzzer, `corpus` a folder. */
export async function readCoverage(program: string, corpus: string, target: string): Promise<Record<string, number>> {
  const raw = `${program}.profraw`
  const merged = `${program}.profdata`
  await execute(program, ['-runs=0', corpus], { env: { ...process.env, LLVM_PROFILE_FILE: raw }, maxBuffer: 1 << 26 })
  await execute(tool('llvm-profdata'), ['merge', '-sparse', raw, '-o', merged])
  const summary = ['export', '-summary-only', `-instr-profile=${merged}`, program]
  const { stdout } = await execute(tool('llvm-cov'), summary, { maxBuffer: 1 << 26 })
  const about = ABOUT[target] ?? /./
  const files = z.object({ data: z.array(z.object({ files: z.array(fileReport) })) }).parse(JSON.parse(stdout)).data
    .flatMap(({ files: each }) => each)
    .filter(({ filename, summary }) => summary.lines.count > 0 && filename.includes('/native/src/') && about.test(path.basename(filename)))
  return Object.fromEntries(files.map(({ filename, summary: { lines } }) => [path.basename(filename), lines.covered / lines.count]))
}

/** Debian's llvm package has no unversioned name for some of its programs. */
function tool(name: string): string {
  const versions = ['', ...[19, 18, 17, 16, 15, 14].map((version) => `-${version}`)]
  const found = versions.find((version) => existsSync(`/usr/bin/${name}${version}`))
  return `${name}${found ?? ''}`
}
