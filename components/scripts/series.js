// The points of one run, and what of them is drawn. Long runs are thinned: with more than `LIMIT` points
// drawn, only every second, fourth, ... one stays, while all are kept here.
const LIMIT = 4000;
class Series {
  static USUAL = 0.93; // how much smoothing a noisy curve gets before anybody chooses
  constructor() { this.clear(); }
  clear() {
    this.train = { x: [], y: [] };
    this.validation = { x: [], y: [] };
    this.metric = { x: [], y: [] };
    this.stride = 1;
  }
  // A line fitted around each point, its neighbours weighted by weight^distance (local linear regression, Cleveland 1979):
  // looking both ways it lags behind nothing, and fitting a line it is pulled to nothing at the ends. It never leaves the
  // range of the values: a loss that levels out at 0 does not fall below it.
  static smoothed(values, weight) {
    // of the points up to each: the weights' sum, those times the distance and its square, and the values' two sums
    const sums = (order) => {
      const found = new Array(values.length);
      let [w, wd, wdd, wy, wdy] = [0, 0, 0, 0, 0];
      for (const at of order) {
        [wdd, wdy] = [weight * (wdd + 2 * wd + w), weight * (wdy + wy)];
        [w, wd, wy] = [weight * w, weight * (wd + w), weight * wy];
        if (Number.isFinite(values[at])) { w += 1; wy += values[at]; }
        found[at] = [w, wd, wdd, wy, wdy];
      }
      return found;
    };
    const known = values.filter(Number.isFinite);
    const [least, most] = known.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
    const places = [...values.keys()];
    const [before, after] = [sums(places), sums(places.toReversed())];
    return values.map((value, at) => {
      const own = Number.isFinite(value) ? [1, value] : [0, 0]; // is in both
      const [b, a] = [before[at], after[at]];
      const [w, wd, wdd, wy, wdy] = [b[0] + a[0] - own[0], a[1] - b[1], b[2] + a[2], b[3] + a[3] - own[1], a[4] - b[4]];
      const spread = w * wdd - wd * wd;
      return spread > 1e-9 ? Math.min(most, Math.max(least, (wy * wdd - wdy * wd) / spread)) : w ? wy / w : null;
    });
  }
  add(name, points) {
    for (const [step, value] of points) { this[name].x.push(step); this[name].y.push(value); }
  }
  truncate(step) {
    this.stride = 1;
    for (const name of ["train", "validation", "metric"]) {
      const kept = this[name].x.map((x, at) => [x, this[name].y[at]]).filter(([x]) => x <= step);
      this[name] = { x: kept.map(([x]) => x), y: kept.map(([, y]) => y) };
    }
  }
  // True when the drawing has become too dense and must be redrawn with a wider stride.
  widen() {
    let wider = false;
    while (this.train.x.length / this.stride > LIMIT) { this.stride *= 2; wider = true; }
    return wider;
  }
  // What of the training's points is drawn: from point `first` on, with what `values` says of each.
  drawnFrom(first, values = this.train.y) {
    const x = []; const y = [];
    for (let at = first; at < this.train.x.length; at += 1) {
      if (at % this.stride) continue;
      x.push(this.train.x[at]); y.push(values[at]);
    }
    return { x, y };
  }
}
