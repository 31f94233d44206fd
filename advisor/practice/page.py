"""A self-contained page of questions that marks itself: no network, no other file, works from a disk.

Answers can be given in the address, for sharing and for tests: ``quiz.html#answers=B;AC;CABD`` fills the questions in
order and marks the page at once.
"""

from __future__ import annotations

import html
import json
from collections.abc import Sequence

from advisor.practice.question import Question
from advisor.practice.session import PASS_MARK
from advisor.practice.template import TOPICS

__all__ = ["page"]

_STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46em; margin: 2em auto; padding: 0 1em }
fieldset { border: 1px solid #8886; border-radius: 8px; margin: 1.2em 0; padding: 1em }
legend { font-weight: 600; padding: 0 .4em }
pre { overflow-x: auto; line-height: 1.25; font-size: 14px }
label { display: block; padding: .2em 0 }
select { font: inherit }
.why { display: none; border-top: 1px solid #8886; margin-top: .8em; padding-top: .6em; font-size: 15px }
.marked .why { display: block }
.right legend::after { content: " \\2713"; color: #1a7f37 }
.wrong legend::after { content: " \\2717"; color: #b42318 }
.source { opacity: .75; font-size: 14px }
button { font: inherit; padding: .5em 1.2em }
#score { font-weight: 600; margin-left: 1em }
"""

_SCRIPT = """
const asked = JSON.parse(document.getElementById("key").textContent);
const boxes = [...document.querySelectorAll("fieldset")];
function given(box, form) {
  if (form === "ordering" || form === "matching")
    return [...box.querySelectorAll("select")].map(one => one.value).join("");
  return [...box.querySelectorAll("input:checked")].map(one => one.value).sort().join("");
}
function fill(box, form, answer) {
  if (form === "ordering" || form === "matching")
    [...box.querySelectorAll("select")].forEach((one, at) => { one.value = answer[at] || "" });
  else
    [...box.querySelectorAll("input")].forEach(one => { one.checked = answer.includes(one.value) });
}
function mark() {
  let right = 0;
  const topics = {};
  boxes.forEach((box, at) => {
    const { form, answer, topic } = asked[at];
    const key = form === "ordering" || form === "matching" ? answer : [...answer].sort().join("");
    const ok = given(box, form) === key;
    right += ok;
    const of = topics[topic] = topics[topic] || [0, 0];
    of[0] += ok; of[1] += 1;
    box.classList.add("marked");
    box.classList.toggle("right", ok);
    box.classList.toggle("wrong", !ok);
  });
  document.getElementById("score").textContent = right + " of " + boxes.length + " right";
  document.getElementById("topics").replaceChildren(...Object.entries(topics).map(([name, of]) => {
    const line = document.createElement("li");
    line.textContent = name + ": " + of[0] + " of " + of[1];
    return line;
  }));
}
document.getElementById("mark").addEventListener("click", mark);
if (location.hash.startsWith("#answers=")) {
  const answers = decodeURIComponent(location.hash.slice(9)).split(";");
  boxes.forEach((box, at) => fill(box, asked[at].form, answers[at] || ""));
  mark();
}
"""


def page(questions: Sequence[Question]) -> str:
    """The page as HTML."""
    key = [{"form": one.form, "answer": "".join(one.answer), "topic": TOPICS[one.topic]} for one in questions]
    held = json.dumps(key).replace("<", "\\u003c")
    boxes = "\n".join(_box(place, one) for place, one in enumerate(questions, start=1))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Practice</title><style>{_STYLE}</style></head><body><h1>Practice</h1>"
        f"<p>{len(questions)} questions. A question counts only where the whole of its answer is right. The exam's "
        "pass mark "
        f"is {PASS_MARK} of 1,000 on a scale that AWS does not publish.</p>\n{boxes}\n"
        '<p><button id="mark" type="button">Mark</button><span id="score" role="status"></span></p><ul '
        'id="topics"></ul>'
        f'<script type="application/json" id="key">{held}</script><script>{_SCRIPT}</script></body></html>\n'
    )


def _box(place: int, question: Question) -> str:
    exhibit = f"<pre>{html.escape(question.exhibit)}</pre>" if question.exhibit else ""
    why = "".join(f"<div>{html.escape(line)}</div>" for line in question.explained if line)
    sources = "".join(f'<div class="source">{html.escape(source)}</div>' for source in question.sources)
    key = ", ".join(question.answer)
    return (
        f'<fieldset id="{html.escape(question.id)}"><legend>{place}. {html.escape(TOPICS[question.topic])}</legend>'
        f"<p>{html.escape(question.stem)}</p>{exhibit}{_inputs(question)}"
        f'<div class="why"><b>The key is {key}.</b>{why}{sources}</div></fieldset>'
    )


def _inputs(question: Question) -> str:
    name = html.escape(question.id)
    if question.form in ("choice", "response"):
        kind = "radio" if question.form == "choice" else "checkbox"
        return "".join(
            f'<label><input type="{kind}" name="{name}" value="{one.label}"> <b>{one.label}</b> '
            f"{html.escape(one.text)}</label>"
            for one in question.options
        )
    listed = "".join(f"<div><b>{one.label}</b> {html.escape(one.text)}</div>" for one in question.options)
    choices = '<option value=""></option>' + "".join(f"<option>{one.label}</option>" for one in question.options)
    heads = question.prompts or [f"place {place}" for place in range(1, len(question.answer) + 1)]
    rows = "".join(f"<label><select>{choices}</select> {html.escape(head)}</label>" for head in heads)
    return listed + rows
