export function SubmitPage() {
  return <p>soon</p>;
}
