// The points of one run, and what of them is drawn. Long runs are thinned: with more than `LIMIT` points
// drawn, only every second, fourth, ... one stays, while all are kept here.
const LIMIT = 4000;
class Series {
  constructor() { this.clear(); }
  clear() {
    this.train = { x: [], y: [], smooth: [] };
    this.validation = { x: [], y: [] };
    this.metric = { x: [], y: [] };
    this.stride = 1;
  }
  // Exponential moving average, corrected for its start as in Adam (Kingma & Ba 2015): the first points are not pulled to 0.
  static WEIGHT = 0.97;
  addTrain(points) {
    const { x, y, smooth } = this.train;
    for (const [step, value] of points) {
      x.push(step);
      y.push(value);
      if (Number.isFinite(value)) {
        this.mean = (this.mean || 0) * Series.WEIGHT + value * (1 - Series.WEIGHT);
        this.mass = (this.mass || 0) * Series.WEIGHT + (1 - Series.WEIGHT);
      }
      smooth.push(this.mass ? this.mean / this.mass : null);
    }
  }
  add(name, points) {
    for (const [step, value] of points) { this[name].x.push(step); this[name].y.push(value); }
  }
  truncate(step) {
    const train = this.train.x.map((x, at) => [x, this.train.y[at]]).filter(([x]) => x <= step);
    this.train = { x: [], y: [], smooth: [] };
    this.mean = 0; this.mass = 0; this.stride = 1;
    this.addTrain(train);
    for (const name of ["validation", "metric"]) {
      const kept = this[name].x.map((x, at) => [x, this[name].y[at]]).filter(([x]) => x <= step);
      this[name] = { x: kept.map(([x]) => x), y: kept.map(([, y]) => y) };
    }
  }
  forget() { this.clear(); this.mean = 0; this.mass = 0; }
  // True when the drawing has become too dense and must be redrawn with a wider stride.
  widen() {
    let wider = false;
    while (this.train.x.length / this.stride > LIMIT) { this.stride *= 2; wider = true; }
    return wider;
  }
  drawnFrom(first) {
    const x = []; const y = []; const smooth = [];
    for (let at = first; at < this.train.x.length; at += 1) {
      if (at % this.stride) continue;
      x.push(this.train.x[at]); y.push(this.train.y[at]); smooth.push(this.train.smooth[at]);
    }
    return { x, y, smooth };
  }
}
