export const nodeRows = [];
