/** Nothing: what Bun itself weighs. */
void 0;
