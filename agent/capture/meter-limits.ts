/** Bounds and timeouts of the native meter. What is left out takes its value from `DEFAULT_METER_LIMITS`. */
export interface MeterLimits {
  /**
   * Living flows; past it the flow that was silent longest ends as lackOfResources, counted. 128 bytes each and 256 more from the
   * fourth packet on, when used.
   */
  readonly flowsMax: number
  /** Host records in each role, source and destination. */
  readonly hostsMax: number
  readonly pairsMax: number
  readonly idleTimeoutMs: number
  readonly activeTimeoutMs: number
  /** A closed TCP connection takes packets for so long; a later one starts a new flow. */
  readonly closedLingerMs: number
  /** A packet up to so late takes the time of the one before; a later one starts a new segment: all flows end. */
  readonly reorderMs: number
  /** In a file, a step ahead of more than this starts a new segment too. */
  readonly jumpMs: number
  /** Events admitted to scoring a second of packet time. */
  readonly scoringEventsPerSecond: number
  /** Every ended flow is delivered as a record, scored or not. */
  readonly recordFlows: boolean
  /** What protocols say in clear text is read (docs/metadata.md); without, headers only. */
  readonly readsMetadata: boolean
  /** Host and pair tables, and the events that come of them. Without: flow records only, as `phantomd meter` has them. */
  readonly behaviour: boolean
  /** A pcap-filter(7) expression; empty: every packet. */
  readonly filter: string
  /** Ring of each live interface. 32 MiB: 512 blocks, so half a second without this process at 1 ms retirement. */
  readonly ringBytes: number
  /**
   * Events a batch, and batches in memory. 512 events of about 1.3 kB stay in the second-level cache; of the batches few are touched
   * unless thousands of flows end at once on a live interface, which cannot wait.
   */
  readonly batchEvents: number
  readonly batches: number
}

/** The defaults, each with its reason in native/src/flow_table.h or behaviour_limits.h. */
export const DEFAULT_METER_LIMITS: MeterLimits = Object.freeze({
  flowsMax: 1_048_576,
  hostsMax: 65_536,
  pairsMax: 65_536,
  idleTimeoutMs: 120_000,
  activeTimeoutMs: 1_800_000,
  closedLingerMs: 2_000,
  reorderMs: 3_000,
  jumpMs: 3_600_000,
  scoringEventsPerSecond: 20_000,
  recordFlows: true,
  readsMetadata: true,
  behaviour: true,
  filter: '',
  ringBytes: 32 * 1024 * 1024,
  batchEvents: 512,
  batches: 16,
})

/** An interface to capture: its name, or the beginning of names with a `*` behind it, which takes interfaces as they come. */
export interface InterfaceChoice {
  readonly name: string
  /** It may be missing at the start. A pattern always may. */
  readonly isOptional?: boolean
}

/** No timer ends a flow, and no jump of time starts a segment: for comparisons with meters that have none. */
export const WITHOUT_TIMERS: Partial<MeterLimits> = Object.freeze({
  idleTimeoutMs: 1e12, activeTimeoutMs: 1e12, closedLingerMs: 1e12, reorderMs: 1e12, jumpMs: 1e12,
})
