import { CodedError } from '../kit/index.ts'

/** Why packets cannot be had from a source. `place` is the file or interface, `reason` the kernel's or the reader's own word. */
export type CaptureProblem =
  | { readonly code: 'CAPTURE_FILE_UNREADABLE'; readonly place: string; readonly reason: string }
  | { readonly code: 'CAPTURE_FILE_FORMAT_UNKNOWN'; readonly place: string; readonly reason: string }
  | { readonly code: 'CAPTURE_FILE_CORRUPT'; readonly place: string; readonly reason: string; readonly offset: number }
  | { readonly code: 'CAPTURE_FILE_TRUNCATED'; readonly place: string; readonly reason: string; readonly offset: number }
  | { readonly code: 'CAPTURE_LINK_TYPE_UNKNOWN'; readonly place: string; readonly linkType: number }
  | { readonly code: 'CAPTURE_INTERFACE_MISSING'; readonly place: string }
  | { readonly code: 'CAPTURE_PERMISSION_DENIED'; readonly place: string; readonly capability: string }
  | { readonly code: 'CAPTURE_INTERFACE_FAILED'; readonly place: string; readonly reason: string }
  | { readonly code: 'CAPTURE_BACKEND_MISSING'; readonly place: string; readonly reason: string }
  | { readonly code: 'CAPTURE_FILTER_INVALID'; readonly place: string; readonly reason: string }

/** A source that cannot be opened, or that ended before its end; what was readable has been delivered. */
export class CaptureError extends CodedError<CaptureProblem> {}

/** What the addon tells about a failure. */
export interface ReportedProblem {
  readonly code: string
  readonly place: string
  readonly reason: string
  readonly offset: number
}

/** Turns the addon's report into an error whose message names the place and what to do. */
export function captureError(report: ReportedProblem): CaptureError {
  const { place, reason, offset } = report
  switch (report.code) {
    case 'CAPTURE_FILE_UNREADABLE':
      return new CaptureError({ code: report.code, place, reason }, `${place}: cannot be read: ${reason}`)
    case 'CAPTURE_FILE_FORMAT_UNKNOWN':
      return new CaptureError({ code: report.code, place, reason }, `${place}: not a capture file: ${reason}`)
    case 'CAPTURE_FILE_CORRUPT':
      return new CaptureError({ code: report.code, place, reason, offset }, `${place}: corrupt at byte ${offset}: ${reason}`)
    case 'CAPTURE_FILE_TRUNCATED':
      return new CaptureError({ code: report.code, place, reason, offset }, `${place}: truncated at byte ${offset}: ${reason}`)
    case 'CAPTURE_LINK_TYPE_UNKNOWN':
      return new CaptureError({ code: report.code, place, linkType: offset }, `${place}: link type ${offset} is not known; `
        + 'known are Ethernet, Linux cooked, raw IP, loopback, PPP, PPPoE, Cisco HDLC, 802.11 and radiotap, and any of them in PPI')
    case 'CAPTURE_INTERFACE_MISSING':
      return new CaptureError({ code: report.code, place }, `${place}: there is no such network interface; \`ip link\` lists them`)
    case 'CAPTURE_PERMISSION_DENIED':
      return new CaptureError({ code: report.code, place, capability: reason }, `${place}: capturing needs ${reason}; run as root, `
        + `or grant the unit AmbientCapabilities=${reason}`)
    case 'CAPTURE_INTERFACE_FAILED':
      return new CaptureError({ code: report.code, place, reason }, `${place}: capture failed: ${reason}`)
    case 'CAPTURE_FILTER_INVALID':
      return new CaptureError({ code: report.code, place, reason }, `filter "${place}": ${reason}`)
    default:
      throw new Error(`The addon reported an unknown code: ${report.code}.`)
  }
}
