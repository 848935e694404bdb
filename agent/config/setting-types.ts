/** Kinds of values that several sections share. */
import { z } from 'zod'
import { parsePrefix } from '../kit/index.ts'

/** A name the kernel gives to interfaces: at most 15 bytes, no slash, no space (IFNAMSIZ of linux/if.h, dev_valid_name). */
export const interfaceName = () =>
  z.string().regex(/^(?!\.{1,2}$)[^\s/:]{1,15}$/, { error: 'is no interface name: 1 to 15 characters without space, slash or colon' })

/** A name, or the beginning of names with one `*` behind it. */
export const interfacePattern = () =>
  z.string().regex(/^(?!\.{1,2}$)(?=.{1,16}$)(?:[^\s/:*]{1,15}|[^\s/:*]{1,14}\*)$/, {
    error: 'is no interface name: 1 to 15 characters without space, slash or colon; one * at the end makes it a pattern',
  })

/** An address or a prefix, v4 or v6. */
export const prefix = () =>
  z.string().max(64).refine((text) => parsePrefix(text) !== undefined, {
    error: 'is no address or prefix such as 192.0.2.7 or 2001:db8::/32',
  })

/** An address together with the length of its network's prefix. */
export const addressWithLength = () => prefix().regex(/\//, { error: 'lacks the prefix length, such as 192.0.2.10/24' })

/** Where to listen: a name or address, and a port. */
export const addressWithPort = () =>
  z.string().regex(/^(\[[0-9A-Fa-f:.]+\]|[^\s:[\]]+):\d{1,5}$/, { error: 'is no address with port such as 127.0.0.1:9610 or [::1]:9610' })
    .refine((text) => Number(text.slice(text.lastIndexOf(':') + 1)) <= 65_535, { error: 'names a port above 65535' })

/** A duration in milliseconds within bounds. */
export const milliseconds = (min: number, max: number) => z.int().min(min).max(max)

/** A file or folder. Relative ones count from the working directory of the program. */
export const filePath = () => z.string().min(1).max(4_096).refine((text) => !text.includes('\0'), { error: 'contains a NUL byte' })

/** A socket's path: sun_path of unix(7) holds 108 bytes with the closing NUL. */
export const socketPath = () => filePath().max(107)
