"""Published regions and their zones (Tencent Cloud, "Regions and AZs"); resources are separate by region."""

from __future__ import annotations

from dataclasses import dataclass

from vmsim.model.errors import UsageError


@dataclass(frozen=True)
class Region:
    """`zones` are numbers: ap-guangzhou-3 is 3 of ap-guangzhou."""

    name: str
    english: str
    chinese: str
    number: int
    zones: tuple[int, ...]

    def zone_names(self) -> tuple[str, ...]:
        return tuple(f"{self.name}-{zone}" for zone in self.zones)

    def zone_id(self, zone: int) -> str:
        """Tencent's numeric id, for instance 100003."""
        return f"{self.number:d}{zone:04d}"


_ROWS = (
    Region("ap-guangzhou", "South China (Guangzhou)", "华南地区(广州)", 10, (1, 2, 3, 4, 6, 7)),
    Region("ap-shenzhen-fsi", "South China (Shenzhen Finance)", "华南地区(深圳金融)", 11, (1, 2, 3)),
    Region("ap-shanghai", "East China (Shanghai)", "华东地区(上海)", 20, (1, 2, 3, 4, 5, 8)),
    Region("ap-shanghai-fsi", "East China (Shanghai Finance)", "华东地区(上海金融)", 7, (1, 2, 3)),
    Region("ap-nanjing", "East China (Nanjing)", "华东地区(南京)", 33, (1, 2, 3)),
    Region("ap-beijing", "North China (Beijing)", "华北地区(北京)", 80, (1, 2, 3, 4, 5, 6, 7, 8)),
    Region("ap-beijing-fsi", "North China (Beijing Finance)", "华北地区(北京金融)", 46, (1,)),
    Region("ap-chengdu", "Southwest China (Chengdu)", "西南地区(成都)", 16, (1, 2)),
    Region("ap-chongqing", "Southwest China (Chongqing)", "西南地区(重庆)", 19, (1,)),
    Region("ap-hongkong", "Hong Kong, Macao and Taiwan (Hong Kong, China)", "港澳台地区(中国香港)", 30, (1, 2, 3)),
    Region("ap-singapore", "Southeast Asia (Singapore)", "东南亚(新加坡)", 90, (1, 2, 3, 4)),
    Region("ap-jakarta", "Southeast Asia (Jakarta)", "东南亚(雅加达)", 72, (1, 2)),
    Region("ap-bangkok", "Southeast Asia (Bangkok)", "东南亚(曼谷)", 23, (1, 2)),
    Region("ap-seoul", "Northeast Asia (Seoul)", "东北亚(首尔)", 18, (1, 2)),
    Region("ap-tokyo", "Northeast Asia (Tokyo)", "东北亚(东京)", 25, (1, 2)),
    Region("na-siliconvalley", "US West (Silicon Valley)", "美国西部(硅谷)", 15, (1, 2)),
    Region("na-ashburn", "US East (Virginia)", "美国东部(弗吉尼亚)", 22, (1, 2)),
    Region("sa-saopaulo", "South America (Sao Paulo)", "南美地区(圣保罗)", 74, (1,)),
    Region("eu-frankfurt", "Europe (Frankfurt)", "欧洲地区(法兰克福)", 17, (1, 2)),
)
REGIONS = {row.name: row for row in _ROWS}


def region(name: str) -> Region:
    """The region of this name. Raises UsageError with the published code."""
    found = REGIONS.get(name)
    if found is None:
        raise UsageError(f"There is no region {name!r}.", code="UnsupportedRegion")
    return found


def check_zone(region_name: str, zone: str) -> str:
    """The zone itself. Raises UsageError when it is not one of the region's."""
    if zone not in region(region_name).zone_names():
        other = any(zone in row.zone_names() for row in _ROWS)
        raise UsageError(
            f"Zone {zone!r} is not in region {region_name}.",
            hint=f"Its zones: {', '.join(region(region_name).zone_names())}.",
            code="InvalidZone.MismatchRegion" if other else "InvalidParameterValue.ZoneNotSupported",
        )
    return zone
