"""
The texts of messages as the portal ships them, in both languages.

They carry codes, values and names of organisations: no names of people, nothing that was typed, no titles.
What an administrator changes stands in `MessageTemplate`; where he changed nothing, these hold.
"""

from __future__ import annotations

from dataclasses import dataclass

from grid.notices.choices import DIGEST, Code, TextAudience
from grid.worktime.choices import Channel

EMAIL, SMS, CHAT = Channel.EMAIL, Channel.SMS, Channel.CHAT
STAFF, PERSON = TextAudience.STAFF, TextAudience.PERSON


@dataclass(frozen=True)
class Text:
    """Subject (of an e-mail) and text in both languages, whether it is sent, and whether it can wait."""

    text: str
    text_en: str
    subject: str = ""
    subject_en: str = ""
    active: bool = True
    office_hours: bool = True


Key = tuple[str, str, str, str]
NAME, NAME_EN = "【阳光网格】", "[Sunshine Grid] "


def _mail(subject: str, subject_en: str, text: str, text_en: str, *, office_hours: bool = True) -> Text:
    """Return an e-mail: the sentence, then where to read on."""
    return Text(
        f"{text}\n\n请登录查看：{{link}}\n\n{{city}}社会治理中心（本邮件由系统发送，请勿回复）",
        f"{text_en}\n\nRead on: {{link}}\n\n{{city}} (sent by the portal, please do not reply)",
        NAME + subject,
        NAME_EN + subject_en,
        office_hours=office_hours,
    )


def _short(text: str, text_en: str, *, office_hours: bool = True) -> Text:
    """Return a text message or a line in a work chat."""
    return Text(f"{NAME}{text}{{link}}", f"{NAME_EN}{text_en} {{link}}", office_hours=office_hours)


AHEAD = "“{deadline}”须于{due}前完成，目前由{organisation}负责。"
AHEAD_EN = "“{deadline}” must be done by {due}. {organisation} is in charge."
LATE = "“{deadline}”应于{due}前完成，现已超期，仍由{organisation}负责。"
LATE_EN = "“{deadline}” was to be done by {due} and is not. {organisation} stays in charge."
SILENT = "事项{number}已有{days}天未向反映人反馈进展，由{organisation}负责。"
SILENT_EN = "In {number} the person has heard nothing for {days} days. {organisation} is in charge."

SHIPPED: dict[Key, Text] = {
    # Rungs of the ladder. By which channel they go is said by the rung rules.
    (STAFF, Code.YELLOW, "", EMAIL): _mail(
        "{number} 临近到期", "{number} is due soon", f"事项{{number}}：{AHEAD}", f"{{number}}: {AHEAD_EN}"
    ),
    (STAFF, Code.ORANGE, "", EMAIL): _mail(
        "{number} 即将到期",
        "{number} is due very soon",
        f"事项{{number}}：{AHEAD}",
        f"{{number}}: {AHEAD_EN}",
    ),
    (STAFF, Code.RED, "", EMAIL): _mail(
        "{number} 已超期",
        "{number} is late",
        f"事项{{number}}：{LATE}",
        f"{{number}}: {LATE_EN}",
        office_hours=False,
    ),
    (STAFF, Code.YELLOW, "", SMS): _short(
        f"事项{{number}}临近到期：{AHEAD}", f"{{number}} is due soon: {AHEAD_EN}"
    ),
    (STAFF, Code.ORANGE, "", SMS): _short(
        f"事项{{number}}即将到期：{AHEAD}", f"{{number}} is due very soon: {AHEAD_EN}"
    ),
    (STAFF, Code.RED, "", SMS): _short(
        f"事项{{number}}已超期：{LATE}", f"{{number}} is late: {LATE_EN}", office_hours=False
    ),
    (STAFF, Code.YELLOW, "", CHAT): _short(f"有事项临近到期：{AHEAD}", f"A matter is due soon: {AHEAD_EN}"),
    (STAFF, Code.ORANGE, "", CHAT): _short(
        f"有事项即将到期：{AHEAD}", f"A matter is due very soon: {AHEAD_EN}"
    ),
    (STAFF, Code.RED, "", CHAT): _short(
        f"有事项超期：{LATE}", f"A matter is late: {LATE_EN}", office_hours=False
    ),
    (STAFF, Code.SILENCE, "", EMAIL): _mail(
        "{number} 久未反馈", "{number}: long without a word", SILENT, SILENT_EN
    ),
    (STAFF, Code.SILENCE, "", SMS): _short(SILENT, SILENT_EN),
    (STAFF, Code.SILENCE, "", CHAT): _short(
        "有事项已{days}天未向反映人反馈进展，由{organisation}负责。",
        "In a matter the person has heard nothing for {days} days. {organisation} is in charge.",
    ),
    # Several at once.
    (STAFF, DIGEST, "", EMAIL): _mail(
        "{count}件事项需要关注",
        "{count} matters need attention",
        "您有{count}件事项需要关注：{summary}。\n\n{list}",
        "{count} matters need your attention: {summary}.\n\n{list}",
    ),
    (STAFF, DIGEST, "", SMS): _short(
        "您有{count}件事项需要关注：{summary}。", "{count} matters need your attention: {summary}."
    ),
    (STAFF, DIGEST, "", CHAT): _short(
        "本单位有{count}件事项需要关注：{summary}。", "{count} matters here need attention: {summary}."
    ),
    # What happens on the way. By e-mail; by text message only what cannot wait for the next sign-in.
    (STAFF, Code.OPENED, "", EMAIL): _mail(
        "新事项 {number}",
        "New matter {number}",
        "新事项{number}由{organisation}负责。",
        "A new matter {number} has come in. {organisation} is in charge.",
    ),
    (STAFF, Code.ARRIVED, "", EMAIL): _mail(
        "{number} 已转到本单位",
        "{number} is now with your organisation",
        "经“{step}”，事项{number}现由{organisation}负责。",
        "After “{step}” {organisation} is in charge of {number}.",
    ),
    (STAFF, Code.ASSIGNED, "", EMAIL): _mail(
        "{number} 交您办理",
        "{number} was assigned to you",
        "事项{number}现交由您办理。",
        "You were asked to take {number} in hand.",
    ),
    (STAFF, Code.ASKED, "", EMAIL): _mail(
        "{number} 需要您补充情况",
        "{number}: your answer is needed",
        "{organisation}需要您补充事项{number}的情况后才能继续办理。",
        "{organisation} needs to know more from you about {number} before it can go on.",
    ),
    (STAFF, Code.ASKED, "", SMS): _short(
        "{organisation}需要您补充事项{number}的情况后才能继续办理。",
        "{organisation} needs to know more from you about {number} before it can go on.",
    ),
    (STAFF, Code.RESUMED, "", EMAIL): _mail(
        "{number} 恢复计时",
        "{number} runs again",
        "事项{number}的中止期已满，{organisation}的办理时限继续计算。",
        "The pause of {number} has run out; the deadlines of {organisation} run again.",
    ),
    (STAFF, Code.MOVED_ON, "", EMAIL): _mail(
        "{number} 轮到您处理",
        "{number}: your turn",
        "经“{step}”，事项{number}现为“{status}”。",
        "After “{step}” {number} stands at “{status}”.",
    ),
    (STAFF, Code.STEP, "", EMAIL): _mail(
        "{number} {step}",
        "{number}: {step}",
        "{organisation}对事项{number}作出“{step}”。",
        "{number}, {organisation}: {step}.",
    ),
    (STAFF, Code.CLOSED, "", EMAIL): _mail(
        "{number} 已办结",
        "{number} is closed",
        "您上报的事项{number}已办结：{outcome}。",
        "{number}, which you reported, was closed: {outcome}.",
    ),
    # People without an account: what the public is told of a step.
    (PERSON, Code.STEP, "", SMS): _short(
        "您反映的事项{number}：{progress}查询进展：", "{number}: {progress} Follow it:"
    ),
    (PERSON, Code.STEP, "", EMAIL): _mail(
        "您反映的事项{number}有新进展",
        "News of your matter {number}",
        "您反映的事项{number}：{progress}",
        "{number}: {progress}",
    ),
}
