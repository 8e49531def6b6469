/** Draws from a Beta distribution, from uniform draws in [0, 1) only. */

/** As a part of two draws from Gamma distributions. `alpha` and `beta` at least 1. */
export function drawBeta(alpha: number, beta: number, random: () => number): number {
  const a = drawGamma(alpha, random);
  const b = drawGamma(beta, random);
  return a / (a + b);
}

/** The method of Marsaglia and Tsang, for a shape of at least 1: on average it takes hardly more than one try. */
function drawGamma(shape: number, random: () => number): number {
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = drawNormal(random);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}

function drawNormal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
