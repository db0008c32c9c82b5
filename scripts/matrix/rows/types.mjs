export const typeRows = [];
