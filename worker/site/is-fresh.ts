import { nowUs } from '../now.ts'
import type { Who } from './who.ts'

/** Whether somebody signed in so lately that they may do now what costs money or makes keys. */
export function isFresh({ freshUntilMs }: Extract<Who, { kind: 'somebody' }>): boolean {
  return freshUntilMs * 1000 > nowUs()
}
