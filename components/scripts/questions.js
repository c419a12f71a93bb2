const root = element.querySelector(".ui-questions");

const draw = () => {
  const questions = props.value?.questions || [];
  redraw(root, questions.map((question) => h("div", { class: "ui-notice ui-notice-warning", role: "status" },
    h("span", { class: "ui-notice-icon", "aria-hidden": "true" }, markup(props.sign)),
    h("div", { class: "ui-notice-body" },
      props.question_title ? h("b", { class: "ui-notice-title" }, props.question_title) : null,
      h("span", { class: "ui-notice-text" }, question.text),
      h("div", { class: "ui-question-answers" }, question.answers.map((answer) => h("button", {
        type: "button", class: "ui-change", "data-focus": answer.key, "data-testid": `answer-${answer.key}`,
        onclick: () => trigger("select", { key: answer.key }),
      }, answer.title)))))));
};
draw();
watch("value", draw);
