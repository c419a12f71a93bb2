// The camera as a preview with a button that takes images as long as it is held.
const FRAMES_A_SECOND = 8;
const FRAME_SIDE = 384; // pixels
const CAMERA_TROUBLES = {
  NotAllowedError: say("The browser does not let this page use the camera. Allow it beside the page's address, then try again."),
  NotFoundError: say("No camera was found."),
  NotReadableError: say("The camera is in use by another program."),
};

// What is seen in the square of the preview.
const frameOf = (video) => new Promise((resolve) => {
  const side = Math.min(video.videoWidth, video.videoHeight);
  const canvas = h("canvas", { width: FRAME_SIDE, height: FRAME_SIDE });
  canvas.getContext("2d").drawImage(video, (video.videoWidth - side) / 2, (video.videoHeight - side) / 2, side, side, 0, 0, FRAME_SIDE, FRAME_SIDE);
  canvas.toBlob(resolve, "image/jpeg", 0.92);
});

// take: called with each image. ended: when the camera is off again, with the reason in a sentence, if there is one.
const camera = async (place, name, take, ended) => {
  const video = h("video", { class: "ui-camera-view", muted: true, playsinline: true, "aria-label": say("What the camera sees") });
  video.muted = true;
  const hold = h("button", { type: "button", class: "ui-camera-hold", "data-testid": "hold" }, say("Hold to take images"));
  const done = h("button", { type: "button", class: "ui-small-button", "data-testid": "camera-done" }, say("Turn the camera off"));
  let stream = null;
  let timer = null;
  let looking = null;
  const shoot = async () => { if (video.videoWidth) take(await frameOf(video)); };
  const release = () => { clearInterval(timer); timer = null; hold.classList.remove("ui-camera-held"); };
  const press = () => {
    if (timer) return;
    hold.classList.add("ui-camera-held");
    shoot();
    timer = setInterval(shoot, 1000 / FRAMES_A_SECOND);
  };
  const stop = (why = "") => {
    release();
    clearInterval(looking);
    stream?.getTracks().forEach((track) => track.stop());
    place.replaceChildren();
    ended(why);
  };
  hold.addEventListener("pointerdown", (event) => { hold.setPointerCapture(event.pointerId); press(); });
  for (const name of ["pointerup", "pointercancel", "blur"]) hold.addEventListener(name, release);
  const isPress = (event) => event.key === " " || event.key === "Enter";
  hold.addEventListener("keydown", (event) => { if (isPress(event)) { event.preventDefault(); press(); } });
  hold.addEventListener("keyup", (event) => { if (isPress(event)) { event.preventDefault(); release(); } });
  hold.addEventListener("click", (event) => { if (event.detail === 0) shoot(); }); // pressed by a screen reader
  hold.addEventListener("contextmenu", (event) => event.preventDefault());
  done.addEventListener("click", () => stop());
  if (!navigator.mediaDevices) { ended(say("Browsers allow the camera only on this computer, or over https.")); return () => {}; }
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 640 } } });
  } catch (error) {
    ended(CAMERA_TROUBLES[error.name] || say("The camera could not be started."));
    return () => {};
  }
  const { facingMode } = stream.getVideoTracks()[0].getSettings();
  if (facingMode !== "environment") video.classList.add("ui-camera-mirrored"); // as people know themselves
  video.srcObject = stream;
  place.replaceChildren(video, h("div", { class: "ui-camera-buttons" }, hold, done), h("p", { class: "ui-drop-note" }, say("Turn the object, move it, change what is behind it: images that look alike teach little.")));
  video.play();
  hold.focus();
  looking = setInterval(() => { if (!place.isConnected || !place.checkVisibility()) stop(); }, 1000);
  return stop;
};
