export const browserRows = [];
