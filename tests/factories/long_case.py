"""A matter with everything that a page of a case can show."""

import io
from datetime import datetime, timedelta
from pathlib import Path

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw

from grid.areas.models import Tier
from grid.casework import files
from grid.casework.models import Case, Upload
from grid.people.models import User
from tests.factories.city import City, centre_of
from tests.factories.incidents import listed, report, take


def photo(
    name: str = "IMG_2041.jpg", *, colour: str = "#7a8b6f", size: tuple[int, int] = (1200, 900)
) -> SimpleUploadedFile:
    """Return a picture as a phone sends it."""
    image = Image.new("RGB", size, colour)
    pen = ImageDraw.Draw(image)
    for step in range(0, size[0], 60):
        pen.line([(step, 0), (step // 2, size[1])], fill="#c9cfc0", width=9)
    out = io.BytesIO()
    image.save(out, Path(name).suffix.lstrip(".").replace("jpg", "jpeg"))
    return SimpleUploadedFile(name, out.getvalue(), content_type="image/jpeg")


def uploaded(user: User, *, at: datetime, name: str = "IMG_2041.jpg", colour: str = "#7a8b6f") -> Upload:
    """Send a picture."""
    return files.receive(photo(name, colour=colour), user=user, at=at)


def long_case(city: City, *, at: datetime) -> Case:
    """
    Return a reopened matter with photos, two rounds, four holders, links and a late first limit.

    It is with the department, accepted, at `at`; it began six days before.
    """
    start = at - timedelta(days=6)

    def later(**span: float) -> datetime:
        return start + timedelta(**span)

    case = report(
        city,
        at=start,
        title="3号楼单元门口垃圾堆积",
        description="三袋生活垃圾和一张旧沙发堆在单元门口，挡住了消防通道，住户已经两天没法正常进出。",
        address="草市口小区3号楼东单元",
        uploads=[str(uploaded(city.worker, at=start, colour=c).pk) for c in ("#7a8b6f", "#8b6f6f")],
        people_affected=24,
        **centre_of(city.grid),
    )
    other = report(city, at=later(hours=1), title="3号楼旧沙发占道", by=city.worker_2, area=city.grid_2.code)
    take(case, "comment", city.leader, at=later(hours=2), text="现场看过，沙发是二楼住户搬家留下的。")
    take(case, "move", city.clerk, at=later(hours=3), area=city.grid_2.code, reason="单元门在第二网格一侧")
    take(case, "accept", city.clerk, at=later(hours=4))
    take(case, "link", city.clerk, at=later(hours=5), other=other.number, type="same_matter")
    take(case, "escalate", city.street_officer, at=later(hours=9), reason="需要城管部门清运，社区没有车辆")
    listed("F01", Tier.STREET, city.department, assisting=(city.company,))
    take(
        case,
        "dispatch",
        city.street_officer,
        at=later(hours=10),
        lead=city.department.code,
        reason="路面属城管",
        assisting=[city.company.code],
    )
    take(case, "regrade", city.district_officer, at=later(hours=11), urgency="yellow", reason="挡住消防通道")
    take(case, "accept", city.handler, at=later(hours=12))
    take(case, "assign", city.handler, at=later(hours=13), assignee=city.handler.pk)
    after = uploaded(city.handler, at=later(days=2), name="清运后.jpg", colour="#9aa7b0")
    take(
        case,
        "handle",
        city.handler,
        at=later(days=2),
        result="沙发和垃圾已清运，通道恢复畅通。",
        uploads=[str(after.pk)],
    )
    take(
        case,
        "verify",
        city.clerk,
        at=later(days=2, hours=4),
        finding="failed",
        text="沙发运走了，垃圾袋还在原处。",
    )
    take(
        case,
        "handle",
        city.handler,
        at=later(days=3),
        result="已二次清运并冲洗地面。",
        happened_on=(later(days=3) - timedelta(days=1)).date(),
    )
    take(case, "verify", city.clerk, at=later(days=3, hours=2), finding="passed")
    take(case, "close", city.district_officer, at=later(days=3, hours=3), outcome="solved")
    take(case, "reopen", city.worker, at=later(days=5), reason="今天早上又堆了两袋，住户再次反映。")
    take(case, "accept", city.handler, at=later(days=5, hours=2))
    return case
