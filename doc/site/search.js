// SPDX-License-Identifier: MIT OR Apache-2.0
// The search box of the index of symbols. Without it the page is the whole list, in order.
"use strict";
(function () {
        const box = document.querySelector("input[name=q]");
        const found = document.getElementById("found");
        const entries = Array.from(document.querySelectorAll("#symbols > li"), function (item) {
                return { item: item, link: item.querySelector("a"),
                         text: item.textContent.toLowerCase(),
                         name: item.querySelector("code").textContent.toLowerCase() };
        });

        // Every word must occur, in the name or in what is said about it.
        function filter() {
                const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
                let shown = 0, named = 0;
                for (const entry of entries) {
                        const inName = words.every((word) => entry.name.includes(word));
                        const fits = inName || words.every((word) => entry.text.includes(word));
                        entry.item.hidden = !fits;
                        entry.item.classList.toggle("hit", fits && inName && words.length > 0);
                        shown += fits;
                        named += fits && inName;
                }
                found.textContent = words.length === 0 ? entries.length + " names" :
                        shown + " of " + entries.length + " names" +
                        (named < shown ? ", " + named + " by the name itself" : "");
        }

        // Enter goes to the only one that is left, or to the one that was typed in full.
        function go(event) {
                const typed = box.value.trim().toLowerCase();
                const shown = entries.filter((entry) => !entry.item.hidden);
                const whole = shown.filter((entry) => entry.name === typed);
                const target = whole.length ? whole[0] : shown.length === 1 ? shown[0] : null;
                event.preventDefault();
                if (target)
                        target.link.click();
        }

        box.value = new URLSearchParams(location.search).get("q") || "";
        box.addEventListener("input", filter);
        box.form.addEventListener("submit", go);
        filter();
        // Not where that would bring up a keyboard on the screen.
        if (matchMedia("(hover: hover)").matches)
                box.focus();
})();
