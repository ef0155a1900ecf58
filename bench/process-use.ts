import { readdirSync, readFileSync } from 'node:fs'

const PAGE_BYTES = 4096

/** The processes of a name among a process and all that it started. Empty where there is no /proc. */
export function processesUnder(root: number, name: string): number[] {
  const processes = all()
  const under = new Set([root])
  // A parent may come after its child: what is found is looked through again.
  for (let before = 0; before < under.size; ) {
    before = under.size
    for (const { pid, parent } of processes) if (under.has(parent)) under.add(pid)
  }
  return processes.filter((each) => under.has(each.pid) && each.name === name).map(({ pid }) => pid)
}

/** Memory that processes hold now, bytes. Throws when one of them is gone. */
export function memoryOf(pids: readonly number[]): number {
  const pages = pids.map((pid) => Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]))
  return pages.reduce((sum, each) => sum + each, 0) * PAGE_BYTES
}

type Process = { readonly pid: number; readonly parent: number; readonly name: string }

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function all(): Process[] {
  const pids = folder('/proc').map(Number).filter(Number.isInteger)
  return pids.flatMap((pid) => {
    try {
      const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const [from, to] = [text.indexOf('('), text.lastIndexOf(')')]
      const parent = Number(text.slice(to + 2).split(' ')[1])
      return [{ pid, parent, name: text.slice(from + 1, to) }]
    } catch {
      return [] // It ended meanwhile.
    }
  })
}

function folder(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
