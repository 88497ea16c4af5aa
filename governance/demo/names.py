"""Invented names: common surnames and given names, put together by chance."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

# fmt: off
SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
    "苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史"
    "顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
# fmt: on
# The commonest surnames come far more often than the rest.
WEIGHTS = [12] * 5 + [6] * 10 + [3] * 15 + [1] * (len(SURNAMES) - 30)
FIRST = "建志文晓海国明春秀玉丽永立少金红学家新宏德庆思雨子佳俊婷雪嘉兰桂素亚振广"
SECOND = "华军伟平芳英敏静强磊洋艳勇杰娟涛超霞刚萍燕飞玲鹏辉梅斌波宇浩凯琳琴云峰龙清莉娜宁慧成林"
SINGLE = "伟芳娜敏静丽强磊军洋勇艳杰涛明超霞平刚辉玲鹏斌波宇浩凯健俊帆琳琴云峰欣妍璐晨阳"


def names(rng: Random) -> Iterator[str]:
    """Yield names without end; a namesake comes now and then, as in any city."""
    while True:
        surname = rng.choices(SURNAMES, WEIGHTS)[0]
        given = rng.choice(SINGLE) if rng.random() < 0.22 else rng.choice(FIRST) + rng.choice(SECOND)
        yield surname + given
