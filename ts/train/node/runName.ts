/** `resnet20-mnist-20260131-235959`: network, data set and local time of the start. */
export function runName(model: string, data: string, now = new Date()): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = [now.getFullYear(), now.getMonth() + 1, now.getDate()].map(two).join('');
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join('');
  return `${model}-${data}-${day}-${time}`;
}
