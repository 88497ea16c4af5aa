"""The incidents that the sign-ins find on their desks: every status, some late, some due soon."""

from __future__ import annotations

from datetime import datetime, timedelta

from governance.demo.plot import Acts, Plot

# In place of a category: the matter of the scene before, reported by somebody else.
SAME = "="
# Category, then the moves, each with the hours before the end of the story.
# Limits: red 2 hours, yellow 24, blue 72 from the report.
SCENES: tuple[tuple[str, str], ...] = (
    # Open, one for each status and office of the line of the sign-ins.
    ("F03", "report:3.6"),
    ("G02", "report:5.2"),
    ("G01", "report:0.7"),
    ("F01", "report:21 accept:19.5"),
    ("J01", "report:80 accept:76 comment:50"),
    ("G06", "report:60.2 correct:59.7 accept:58"),
    ("F02", "report:46.4 accept:44"),
    ("K02", "report:40 accept:38.5 assign:38"),
    ("C02", "report:7.3 accept:6.1"),
    ("F05", "report:31 accept:30 dispatch:29.2"),
    ("F06", "report:92 accept:90 dispatch:84"),
    ("F03", "report:51 accept:49 dispatch:48 accept:46.5 assign:46"),
    ("F04", "report:78 accept:77 dispatch:75 accept:60"),
    ("J04", "report:86 accept:85 dispatch:vacant:82"),
    ("C01", "report:27 accept:26.5 escalate:24.8"),
    ("A03", "report:32 accept:30 escalate:28"),
    ("C04", "report:8.2 accept:7.9 escalate:6.8 accept:6.1 dispatch:5.2"),
    ("G03", "report:6.6 accept:6.2 escalate:5.4"),
    ("J03", "report:41 accept:39 escalate:36 escalate:31"),
    ("A06", "report:84 accept:82 escalate:79 escalate:60 accept:58"),
    ("C03", "report:9.1 accept:8.7 escalate:8 escalate:6.9"),
    ("K01", "report:25 accept:23.5 ask:22"),
    ("M01", "report:12.4 accept:12 ask:11.5 answer:10 comment:9"),
    ("L03", "report:28 accept:27 ask:26 answer:13.5"),
    ("G05", "report:19 accept:18 handle:8"),
    ("F02", "report:45 accept:44 dispatch:43 accept:40 handle:13.2"),
    ("I01", "report:39 accept:38 handle:32 verify:failed:15"),
    ("I01", "report:41 accept:40 handle:33 verify:9.5"),
    ("F01", "report:300 accept:298 handle:290 verify:270 close:266 reopen:30 accept:29"),
    ("K03", "report:7 accept:6.5 regrade:6 comment:4.6"),
    # Reported by two people.
    ("F02", "report:33.5 accept:33"),
    (SAME, "report:33.2 accept:32.6 link:32.4"),
    ("F01", "report:221 accept:219 handle:202 verify:197 close:195"),
    (SAME, "report:220.3 merge:218"),
    # Closed, one for each outcome.
    ("F04", "report_done:34"),
    ("F03", "report:130 accept:129 dispatch:127 accept:122 handle:104 verify:81 close:79"),
    (
        "H04",
        "report:170 accept:169.6 escalate:169.2 dispatch:168.9 accept:168.7 handle:168.4 "
        "verify:150 close:partly:148",
    ),
    ("I01", "report:101 accept:99 close:explained:78"),
    ("A04", "report:200 accept:196 close:not_ours:175"),
    ("G03", "report:210 accept:208 close:waits:190"),
    ("C02", "report:60 void:59"),
    (
        "K06",
        "report:150 accept:149 handle:128 verify:105 close:103 "
        "reopen:57 accept:55 handle:35 verify:12 close:10",
    ),
    ("F05", "report:70 accept:68 dispatch:66 send_back:58 dispatch:57 accept:53 handle:34 verify:11"),
    # Supervised by the subdistrict, one for each status of an order; a proposal stands where nobody decided.
    ("F02", "report:196 accept:194 order_dismiss:112 handle:98 verify:92 close:86"),
    ("J01", "report:150 accept:147 order_confirm:66 comment:20"),
    ("F01", "report:190 accept:188 order_confirm:110 order_answer:38"),
    (
        "K02",
        "report:330 accept:327 order_confirm:250 order_answer:205 handle:200 verify:180 "
        "order_lift:160 close:158",
    ),
    (
        "G06",
        "report:560 accept:555 order_confirm:470 order_check:380 record_talk:330 "
        "order_list:15:190 order_check:60",
    ),
    ("F04", "report:720 accept:716 order_confirm:policy:630 order_list:20:420 order_rectified:36"),
    # Every rung, from the first reminder to the list and off it again.
    (
        "F03",
        "report:1180 accept:1176 comment:1130 order_confirm:account:1080 order_answer:partly:900 "
        "record_talk:870 order_list:20:850 record_notice:840 order_check:700 handle:560 verify:540 "
        "order_rectified:530 order_delist:430 close:400",
    ),
    # The written answer is late itself.
    ("I01", "report:1000 accept:990 order_confirm:900 comment:600"),
    ("J01", "report:44 accept:42 order_issue:17"),
    # More time and a pause, asked and decided.
    ("F01", "report:58 accept:57 ask_extension:30 grant_extension:28.5"),
    ("F02", "report:66 accept:65 ask_extension:20 refuse_extension:18"),
    ("K02", "report:52 accept:50 ask_extension:14"),
    ("F04", "report:62 accept:60 ask_extension:40 withdraw_request:30 handle:20"),
    ("G06", "report:90 accept:88 ask_pause:60 grant_pause:58"),
    ("F01", "report:160 accept:158 ask_pause:130 grant_pause:129 end_pause:70 handle:50 verify:40 close:36"),
    ("J01", "report:50 accept:48 ask_pause:22 refuse_pause:20"),
    ("F02", "report:100 accept:98 cancel_deadline:60"),
    # Somebody came to the counter, and lost the code.
    ("K02", "report:43 accept:41 note_party:40.5 comment:30 reissue_code:12"),
)


def scene(plot: Plot, moves: str, *, end: datetime) -> Acts:
    """Play the moves of one scene."""
    for entry in moves.split():
        move, _, hours = entry.rpartition(":")
        plot.at = end - timedelta(hours=float(hours), seconds=plot.rng.randint(1, 50))
        taken = yield plot.cue(move)
        if not taken:
            raise ValueError(f"nobody can take {move} on {plot.story.title}")
