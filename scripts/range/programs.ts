import type { Programs } from '../lab/programs.ts'

/** Programs that the range needs, and the Debian packages that bring them. */
export const PROGRAMS: Programs = {
  'ip': 'iproute2', 'tc': 'iproute2', 'tcpdump': 'tcpdump', 'nsenter': 'util-linux', 'openssl': 'openssl', 'g++': 'g++',
  'wireguard-go': 'wireguard-go', 'wg': 'wireguard-tools', 'openvpn': 'openvpn', '/usr/bin/python3': 'python3',
  // What attackers run: beacons, tunnels, thefts, bots, abuse of the gateway.
  'curl': 'curl', 'wget': 'wget', 'ncat': 'ncat', 'dig': 'bind9-dnsutils', 'nslookup': 'bind9-dnsutils', 'host': 'bind9-host',
  'socat': 'socat', 'lynx': 'lynx', 'w3m': 'w3m', 'iodine': 'iodine', 'ifconfig': 'net-tools', 'ping': 'iputils-ping',
  'dns2tcpc': 'dns2tcp', 'dns2tcpd': 'dns2tcp', 'ptunnel': 'ptunnel', 'ptunnel-ng': 'ptunnel-ng', 'icmptx': 'icmptx', 'hping3': 'hping3',
  'nping': 'nmap', 'lftp': 'lftp', 'swaks': 'swaks', 's-nail': 's-nail', 'rsync': 'rsync', 'ssh': 'openssh-client', 'scp': 'openssh-client',
  'ssh-keygen': 'openssh-client', 'sshd': 'openssh-server', 'sshpass': 'sshpass', 'ss': 'iproute2', 'ike-scan': 'ike-scan',
  // Ordinary servers and people.
  'nginx': 'nginx-light', 'caddy': 'caddy', 'dnsmasq': 'dnsmasq-base', 'chronyd': 'chrony', 'git': 'git', 'exim4': 'exim4-daemon-light',
  '/usr/lib/dovecot/imap': 'dovecot-imapd', 'vsftpd': 'vsftpd', 'mosquitto': 'mosquitto', 'mosquitto_sub': 'mosquitto-clients',
  'transmission-create': 'transmission-cli', 'aria2c': 'aria2', 'smbd': 'samba', 'smbclient': 'smbclient', 'iperf3': 'iperf3',
  'ffmpeg': 'ffmpeg', 'dpkg-deb': 'dpkg', 'dpkg-scanpackages': 'dpkg-dev', 'apt-get': 'apt', 'chromium': 'chromium',
  'ab': 'apache2-utils', 'wrk': 'wrk', 'siege': 'siege', 'ansible': 'ansible-core', 'restic': 'restic', 'nmap': 'nmap', 'fping': 'fping',
  'mtr': 'mtr-tiny', 'traceroute': 'traceroute',
  // Scanners, guessers, floods and finders of holes.
  'masscan': 'masscan', 'zmap': 'zmap', 'nc.openbsd': 'netcat-openbsd', 'hydra': 'hydra', 'ncrack': 'ncrack', 'medusa': 'medusa',
  'patator': 'patator', '/usr/lib/python3/dist-packages/paramiko/__init__.py': 'python3-paramiko', 'slowhttptest': 'slowhttptest',
  'trafgen': 'netsniff-ng', 'mausezahn': 'netsniff-ng', 'goldeneye': 'goldeneye', 'memcached': 'memcached', 'snmpd': 'snmpd',
  'sqlmap': 'sqlmap', 'ffuf': 'ffuf', 'gobuster': 'gobuster', 'wfuzz': 'wfuzz', 'dirb': 'dirb',
}
