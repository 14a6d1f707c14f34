"use strict";
// Searches and filters the posts of this page. Without it, all of them are shown.
{
  const form = document.querySelector(".filter");
  const { words, platform, type, status } = form.elements;
  const folded = (text) => text.normalize("NFKC").toLowerCase();

  const posts = Array.from(document.querySelectorAll("article"), (element) => ({
    element,
    words: folded(Array.from(element.querySelectorAll(".who, .text"), (part) => part.textContent).join("\n")),
    platform: element.dataset.platform,
    media: Array.from(element.querySelectorAll("figure"), (figure) => figure.dataset),
  }));

  const offer = (select, values) => {
    for (const value of Array.from(new Set(values)).sort()) {
      select.add(new Option(value.replaceAll("_", " "), value));
    }
  };

  const isWanted = (post, wanted) =>
    wanted.every((word) => post.words.includes(word)) &&
    (!platform.value || post.platform === platform.value) &&
    (!(type.value || status.value) ||
      post.media.some(
        (medium) => (!type.value || medium.type === type.value) && (!status.value || medium.status === status.value),
      ));

  const show = () => {
    const wanted = folded(words.value).split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const post of posts) {
      post.element.hidden = !isWanted(post, wanted);
      shown += !post.element.hidden;
    }
    for (const section of document.querySelectorAll("section")) {
      section.hidden = !section.querySelector("article:not([hidden])");
    }
    form.querySelector("output").value = shown === posts.length ? "" : `${shown} of ${posts.length} posts`;
  };

  offer(platform, posts.map((post) => post.platform));
  offer(type, posts.flatMap((post) => post.media.map((medium) => medium.type)));
  offer(status, posts.flatMap((post) => post.media.map((medium) => medium.status)));
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  show();
}
