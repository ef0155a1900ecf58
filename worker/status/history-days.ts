/** So many days back the status history goes at most, and unless it is told otherwise. */
export const HISTORY_DAYS = 90
export const STATUS_DAYS = 7
