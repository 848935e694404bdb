/** Where the agent keeps what it reads and writes when the configuration does not say otherwise. */
export interface DefaultPaths {
  readonly state: string
  readonly socket: string
  readonly events: string
  readonly enforcerSocket: string
  readonly nodeKey: string
  readonly models: string
}

/** The configuration of an installed agent; a file below its folder makes the agent an installed one. */
export const INSTALLED_FOLDER = '/etc/phantommesh'

/**
 * Default paths by one rule: a configuration below /etc/phantommesh belongs to an installed agent and defaults to the system's
 * folders; with any other file, or none, everything stays under `.phantommesh` of the checkout, so that nothing needs root.
 *
 * @param configFile the absolute path of the configuration, or undefined when there is none
 * @param root the folder that holds `bin/`, `agent/` and the shipped `models/`
 */
export function defaultPaths(configFile: string | undefined, root: string): DefaultPaths {
  const models = `${root}/models`
  if (configFile?.startsWith(`${INSTALLED_FOLDER}/`) === true) {
    return {
      state: '/var/lib/phantommesh',
      socket: '/run/phantommesh/agent.sock',
      events: '/var/log/phantommesh/eve.json',
      enforcerSocket: '/run/phantommesh/enforcer.sock',
      nodeKey: '/var/lib/phantommesh/node-key.pem',
      models,
    }
  }
  const own = `${root}/.phantommesh`
  return {
    state: `${own}/state`,
    socket: `${own}/agent.sock`,
    events: `${own}/eve.json`,
    enforcerSocket: `${own}/enforcer.sock`,
    nodeKey: `${own}/node-key.pem`,
    models,
  }
}
