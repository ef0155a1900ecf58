/** The one slice of markets that there is today. */
export const SLICE = 0
