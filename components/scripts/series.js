// The points of one run, and what of them is drawn. Long runs are thinned: with more than `LIMIT` points
// drawn, only every second, fourth, ... one stays, while all are kept here.
const LIMIT = 4000;
class Series {
  constructor() { this.clear(); }
  clear() {
    this.train = { x: [], y: [] };
    this.validation = { x: [], y: [] };
    this.metric = { x: [], y: [] };
    this.stride = 1;
  }
  // The mean of the values around each point, weighted by weight^distance: looking both ways, it lags behind nothing, and
  // dividing by the sum of the weights keeps both ends from being pulled to 0 (the bias correction of Kingma & Ba 2015).
  static smoothed(values, weight) {
    const one = (order) => {
      const sums = new Array(values.length);
      let sum = 0; let mass = 0;
      for (const at of order) {
        sum *= weight; mass *= weight;
        if (Number.isFinite(values[at])) { sum += values[at]; mass += 1; }
        sums[at] = [sum, mass];
      }
      return sums;
    };
    const places = [...values.keys()];
    const [before, after] = [one(places), one(places.toReversed())];
    return values.map((value, at) => {
      const own = Number.isFinite(value) ? [value, 1] : [0, 0]; // is in both sums
      const mass = before[at][1] + after[at][1] - own[1];
      return mass ? (before[at][0] + after[at][0] - own[0]) / mass : null;
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
