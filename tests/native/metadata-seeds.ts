// Good messages for the fuzz targets of native/src/metadata, behind the octets that choose parser and flags there.

const words = (...values: readonly number[]) => Buffer.concat(values.map((value) => Buffer.from([value >> 8, value & 0xff])))
const SESSION = Buffer.from('sessionA')
const QUESTION = Buffer.from('\x03www\x07example\x03org\x00\x00\x01\x00\x01', 'latin1')
const ANSWER = Buffer.from('\xc0\x0c\x00\x01\x00\x01\x00\x00\x01\x2c\x00\x04\xc0\x00\x02\x07', 'latin1')
const RESPONSE = Buffer.concat([words(7, 0x8180, 1, 2, 0, 0), QUESTION, ANSWER, ANSWER])
const REPLAY = Buffer.from([0, 0, 0, 1, 0x68, 0x4e, 0xe1, 0x80])

const seed = (choice: readonly number[], ...parts: readonly (Buffer | string)[]) =>
  Buffer.concat([Buffer.from(choice), ...parts.map((part) => Buffer.from(part))])

/** A query and a response, over UDP and TCP. */
export const DNS_SEEDS: readonly Buffer[] = [
  seed([0], words(7, 0x0100, 1, 0, 0, 0), QUESTION),
  seed([0], RESPONSE),
  seed([1], words(RESPONSE.length), RESPONSE),
]

/** SSH, HTTP, FTP and SMTP of both sides, an ICMP echo. */
export const LINE_SEEDS: readonly Buffer[] = [
  seed([0, 0], 'hello\r\nSSH-2.0-OpenSSH_9.6 x\r\n'),
  seed([0, 0], Buffer.from([0, 0, 0, 12, 10, 21]), Buffer.alloc(10)),
  seed([1, 0], 'GET /a?b=c HTTP/1.1\r\n'),
  seed([1, 0], 'HTTP/1.1 404 Not Found\r\n'),
  seed([2, 0], 'PORT 192,0,2,7,4,1\r\n'),
  seed([2, 0], 'EPRT |2|2001:db8::9|5282|\r\n'),
  seed([2, 1], '227 Entering Passive Mode (192,0,2,7,200,10)\r\n'),
  seed([2, 1], '229 Entering Extended Passive Mode (|||6446|)\r\n'),
  seed([3, 0], 'MAIL FROM:<a@example.org>\r\n'),
  seed([3, 1], '250-SIZE 1000\r\n'),
  seed([4, 1], Buffer.from([8, 0, 0, 0, 0, 1, 0, 2]), 'abcdefgh'),
]

/** WireGuard's four types, OpenVPN in clear text, with tls-auth and tls-crypt, IKE, ESP and a keep-alive on port 4500. */
export const VPN_SEEDS: readonly Buffer[] = [
  ...[[1, 148], [2, 92], [3, 64], [4, 32]].map(([type, octets]) => seed([0, 0], Buffer.from([type!, 0, 0, 0]), Buffer.alloc(octets! - 4))),
  seed([1, 0], Buffer.from([0x38]), SESSION, Buffer.alloc(5)),
  seed([1, 0], Buffer.from([0x38]), SESSION, Buffer.alloc(20, 1), REPLAY, Buffer.alloc(5)),
  seed([1, 0], Buffer.from([0x40]), SESSION, REPLAY, Buffer.alloc(32 + 17, 1)),
  seed([1, 1], Buffer.from([0x28]), SESSION, Buffer.from([1, 0, 0, 0, 0]), SESSION),
  seed([2, 1], words(24), Buffer.from([0x20]), SESSION, Buffer.from([0, 0, 0, 0, 1]), Buffer.alloc(10, 3)),
  seed([3, 0], SESSION, Buffer.alloc(8), Buffer.from([33, 0x20, 34, 8, 0, 0, 0, 0, 0, 0, 0, 40]), Buffer.alloc(12)),
  seed([3, 1], Buffer.alloc(4), SESSION, SESSION, Buffer.from([46, 0x20, 35, 0x20, 0, 0, 0, 1, 0, 0, 0, 40]), Buffer.alloc(12)),
  seed([3, 1], Buffer.from([1, 2, 3, 4, 0, 0, 0, 1]), Buffer.alloc(32, 5)),
  seed([3, 1], Buffer.from([0xff])),
]
