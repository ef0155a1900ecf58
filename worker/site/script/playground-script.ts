import { Playground } from './playground/playground.ts'

new Playground().start()
