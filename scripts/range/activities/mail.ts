import { PLAN, siteName } from '../plan.ts'
import type { Activity, Scene } from '../scene.ts'
import { between, pause, pick, thinkMs } from '../scene.ts'
import { MAIL_PASSWORD } from '../servers/mail.ts'
import { placesOf } from '../servers/material.ts'
import type { Machine } from '../world.ts'
import { act, ending, periodically, repeatedly, some } from './act.ts'

/** A mail program that looks for news every half minute: IMAP in the clear or in TLS, some messages read. */
export const pollMail: Activity = (scene, machine) => {
  const scheme = pick(scene.random, ['imap', 'imaps'])
  const host = pick(scene.random, [PLAN.lan.mail.address, siteName(3)])
  const login = ['curl', '-s', '-k', '-m', '15', '-u', `person${between(scene.random, 0, 40)}:${MAIL_PASSWORD}`, '-o',
    '/dev/null']
  return periodically(between(scene.random, 20, 45) * 1_000, async (scene, machine) => {
    await act(scene, machine, [...login, `${scheme}://${host}/INBOX`, '-X', 'STATUS INBOX (MESSAGES UNSEEN)'])
    if (scene.random.uniform() > 0.4) return
    const messages = Array.from({ length: between(scene.random, 1, 4) },
      () => `${scheme}://${host}/INBOX;MAILINDEX=${some(scene.random, 1, 24)}`)
    await act(scene, machine, [...login, ...messages])
  })(scene, machine)
}

/** A mail program that waits for news: one connection in IDLE, which the far end keeps alive. */
export const idleMail: Activity = repeatedly(6_000, async (scene, machine) => {
  const host = pick(scene.random, [PLAN.lan.mail.address, siteName(3)])
  const session = scene.lab.start(machine, ['openssl', 's_client', '-quiet', '-crlf', '-verify_quiet', '-connect',
    `${host}:993`])
  const ended = ending(scene, session)
  const say = async (line: string): Promise<boolean> => {
    session.stdin?.write(`${line}\n`)
    return pause(scene, 700)
  }
  await pause(scene, 500)
  await say(`a login person${between(scene.random, 0, 40)} ${MAIL_PASSWORD}`)
  await say('b select INBOX')
  for (let round = 0; round < 20 && session.exitCode === null; round += 1) {
    await say(`c${round} idle`)
    if (!(await pause(scene, thinkMs(scene.random, 55_000)))) break
    await say('done')
  }
  session.stdin?.end('z logout\n')
  await ended
})

/** Writes messages, one in three with an attachment, through submission with a password. */
export function sendMail(medianMs: number): Activity {
  return repeatedly(medianMs, async (scene, machine) => {
    const person = `person${between(scene.random, 0, 40)}`
    await act(scene, machine, submission(scene, machine, person))
  })
}

function submission(scene: Scene, machine: Machine, person: string): string[] {
  const { random } = scene
  const host = pick(random, [PLAN.lan.mail.address, siteName(3)])
  const attachment = random.uniform() < 0.35 ? pick(random, placesOf(scene.lab).photos.slice(0, 5)) : undefined
  const to = `friend${between(random, 0, 99)}@site${between(random, 0, 40)}.example`
  if (random.uniform() < 0.5) {
    const file = attachment === undefined ? [] : ['--attach', `@${attachment}`]
    return ['swaks', '--silent', '3', '--server', `${host}:587`, '--auth', 'LOGIN', '--auth-user', person,
      '--auth-password', MAIL_PASSWORD, '--from', `${person}@corp.example`,
      '--to', to, '--helo', machine.name, '--body', 'See below. '.repeat(between(random, 1, 200)), ...file]
  }
  const letter = attachment ?? `${placesOf(scene.lab).site}/page${between(random, 0, 20)}.html`
  return ['curl', '-s', '-k', '-m', '40', '--ssl-reqd', '-u', `${person}:${MAIL_PASSWORD}`, '--mail-from',
    `${person}@corp.example`, '--mail-rcpt', to,
    '-F', '=hello', '-F', `file=@${letter};encoder=base64`, `smtp://${host}:587`]
}

/** A server on the Internet that delivers to the company's mail exchanger. */
export function deliver(from: (scene: Scene) => string): Activity {
  return repeatedly(9_000, async (scene, machine) => {
    const { random } = scene
    const server = random.uniform() < 0.75 ? PLAN.lan.mail.published : PLAN.lan.mail.published2
    const file = random.uniform() < 0.2 ? ['--attach', `@${placesOf(scene.lab).photos[0] ?? ''}`] : []
    await act(scene, machine, ['swaks', '--silent', '3', '--server', server, '--local-interface', from(scene),
      '--from', `news@site${between(random, 0, 90)}.example`,
      '--to', `person${between(random, 0, 40)}@corp.example`, '--body', 'Dear customer, '.repeat(between(random, 1,
        300)), ...file])
  })
}
