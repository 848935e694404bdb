import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { PLAN, siteAddress, siteAddress6 } from '../plan.ts'
import type { World } from '../world.ts'
import { placesOf } from './material.ts'

/** nginx for all sites and for `www` with its login page, and HTTP/3 beside it for those browsers that dare. */
export function startWeb(world: World): void {
  const { lab, sites, lan } = world
  const places = placesOf(lab)
  lab.start(sites, ['nginx', '-c', writeSettings(world, { name: 'sites', location: siteLocations(places.dump),
    listen: siteListeners() })])
  lab.start(lan.www, ['nginx', '-c', writeSettings(world, { name: 'www', location: LOGIN_LOCATIONS,
    listen: EVERYWHERE })])
  lab.start(lan.files, ['nginx', '-c', writeSettings(world, { name: 'files', location: siteLocations(places.dump),
    listen: EVERYWHERE })])
  // The account's password is made anew each time and told nobody: only guessing would find it.
  lab.start(lan.www, ['/usr/bin/python3', path.join(import.meta.dirname, 'login_site.py'), '8080',
    randomBytes(12).toString('hex')])
  startHttp3(world)
}

/** Sites by number that speak HTTP/3 too. */
export const HTTP3_SITES = [13, 45, 99] as const

function startHttp3({ lab, sites }: World): void {
  const { site, tlsCertificate, tlsKey } = placesOf(lab)
  const file = path.join(lab.folder, 'Caddyfile')
  const bind = HTTP3_SITES.map(siteAddress).join(' ')
  writeFileSync(file, `{
  admin off
  auto_https off
  storage file_system ${lab.folder}/caddy
  servers {
    protocols h1 h2 h3
  }
}
https:// {
  bind ${bind}
  tls ${tlsCertificate} ${tlsKey}
  root * ${site}
  file_server
}
`)
  lab.start(sites, ['env', `HOME=${lab.folder}`, `XDG_CONFIG_HOME=${lab.folder}/caddy`, 'caddy', 'run', '--adapter',
    'caddyfile', '--config', file])
}

function siteLocations(dump: string): string {
  const codes = [301, 302, 400, 401, 403, 410, 429, 500, 503]
  return `
    location /slow/ { alias ${path.join(path.dirname(dump), 'site')}/; limit_rate 12k; }
    location /upload/ { root ${dump}; dav_methods PUT; create_full_put_path on; client_max_body_size 200m; }
    location /api { error_page 405 =200 /f3; }
    ${codes.map((code) => `location /status/${code} { return ${code}${code < 400 ? ' /f2' : ''}; }`).join('\n    ')}`
}

const LOGIN_LOCATIONS = `
    location /login { proxy_pass http://127.0.0.1:8080; }
    location /account { proxy_pass http://127.0.0.1:8080; }
    location /search { proxy_pass http://127.0.0.1:8080; }
    location /item { proxy_pass http://127.0.0.1:8080; }
    location /upload/ { client_max_body_size 200m; return 403; }`

const EVERYWHERE = ['0.0.0.0', '[::]'] as const

/** All sites but those that Caddy serves, for it insists on the same port in TCP. */
function siteListeners(): string[] {
  const numbers = Array.from({ length: PLAN.sites }, (_, index) => index)
  const others = numbers.filter((index) => !HTTP3_SITES.some((each) => each === index))
  return [...others.map(siteAddress), ...others.flatMap((index) => siteAddress6(index)
    ?? []).map((each) => `[${each}]`)]
}

function writeSettings(
  { lab }: World, { name, location, listen }: { name: string; location: string; listen: readonly string[] },
): string {
  const places = placesOf(lab)
  const state = path.join(lab.folder, `nginx-${name}`)
  mkdirSync(state)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi',
    'scgi'].map((each) => `${each}_temp_path ${state}/${each};`)
  const file = path.join(lab.folder, `nginx-${name}.conf`)
  writeFileSync(file, `
user root;
daemon off;
worker_processes 1;
worker_rlimit_nofile 16384;
pid ${state}/pid;
error_log ${state}/log crit;
events { worker_connections 8192; }
http {
  access_log off;
  ${temporary.join('\n  ')}
  ssl_certificate ${places.tlsCertificate};
  ssl_certificate_key ${places.tlsKey};
  ssl_session_cache shared:TLS:1m;
  keepalive_timeout 20s;
  default_type application/octet-stream;
  types { text/html html; application/vnd.apple.mpegurl m3u8; video/mp2t ts; }
  server {
    listen 80 backlog=4096; listen [::]:80 backlog=4096;
    ${listen.map((each) => `listen ${each}:443 ssl http2;`).join('\n    ')}
    root ${places.site};
    index page0.html;${location}
  }
}
`)
  return file
}
