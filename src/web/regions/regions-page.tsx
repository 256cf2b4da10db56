export function RegionsPage() {
  return <p>soon</p>;
}
