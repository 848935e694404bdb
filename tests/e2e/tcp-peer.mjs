// A TCP program to run inside a namespace, with what every machine has that runs the tests.
//   listen PORT                     echoes; says "ready" once
//   talk HOST PORT SOURCE           sends a line every 20 ms and says "echo" for each that comes back
//   try HOST PORT SOURCE            one connection: exit 0 when it stood within a second, else 1
//   scan HOST PORTS SOURCE          connects to ports 1 to PORTS, one after the other, until ten in a row are silent; says how many answered
import { connect, createServer } from 'node:net'
import process from 'node:process'

const [verb, ...words] = process.argv.slice(2)

if (verb === 'listen') {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.pipe(socket)
  })
  server.listen(Number(words[0]), '::', () => process.stdout.write('ready\n'))
}
if (verb === 'talk') {
  const socket = open()
  socket.on('data', () => process.stdout.write('echo\n'))
  socket.on('connect', () => setInterval(() => socket.write('.'), 20))
}
if (verb === 'scan') {
  const [host, ports, localAddress] = words
  let [answered, silent] = [0, 0]
  for (let port = 1; port <= Number(ports) && silent < 10; port += 1) {
    const isAnswered = await probe({ host, port, localAddress })
    answered += Number(isAnswered)
    silent = isAnswered ? 0 : silent + 1
  }
  process.stdout.write(`${answered} answered, ${Number(ports) - answered} filtered\n`)
}
if (verb === 'try') {
  setTimeout(() => process.exit(1), 1_000)
  open().on('connect', () => process.exit(0))
}

/** Whether anything came back within 200 ms, be it a refusal. */
function probe(target) {
  return new Promise((resolve) => {
    const socket = connect(target)
    const end = (isAnswered) => () => {
      clearTimeout(timer)
      socket.destroy()
      resolve(isAnswered)
    }
    const timer = setTimeout(end(false), 200)
    socket.once('connect', end(true)).once('error', end(true))
  })
}

function open() {
  const [host, port, localAddress] = words
  const socket = connect({ host, port: Number(port), localAddress })
  return socket.on('error', () => process.exit(1))
}
