export function HistoryPage() {
  return <p>soon</p>;
}
