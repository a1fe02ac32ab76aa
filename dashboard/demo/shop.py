"""The demo's helpdesk beside the demo's day: connected first, then kept busy."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dashboard import clock
from dashboard.config import Settings
from dashboard.demo.catalog import Dice
from dashboard.demo.shop_calls import Shop, ShopUnavailable
from dashboard.demo.shop_connection import ShopConnection
from dashboard.demo.shop_day import ShopDay
from dashboard.demo.simulation import Day
from dashboard.services.core.unit_of_work import UnitOfWork

FOLDER, ADDRESS = "demo_helpdesk", "address"


@dataclass(slots=True, kw_only=True)
class ShopKeeper:
    """The state of the helpdesk in the demo's process; `base` is the address of this Evenhand."""

    base: str
    dice: Dice
    is_ready: bool = False
    day: ShopDay | None = None
    shop: Shop | None = None

    def step(self, work: UnitOfWork, beside: Day, now: datetime) -> None:
        """Take the next step of the set-up, and simulate the events there. Raises ShopUnavailable."""
        try:
            shop = self._shop(work.settings)
            self.is_ready = self.is_ready or self._connect(work, shop, beside.places.account_id)
            self.day = self.day or ShopDay(dice=self.dice)
            self.day.step(shop, beside.present, now)
        except ShopUnavailable:
            self.day, self.is_ready = None, False  # all is looked at again
            raise

    def _connect(self, work: UnitOfWork, shop: Shop, account_id: int) -> bool:
        return ShopConnection(work=work, account_id=account_id, shop=shop, base=self.base, clock=clock.now).step()

    def _shop(self, settings: Settings) -> Shop:
        """Return the helpdesk at the address that it has written down."""
        path = folder(settings) / ADDRESS
        if not path.exists():
            raise ShopUnavailable("The demo's helpdesk has not been started yet.")
        address = path.read_text().strip()
        if self.shop is None or self.shop.address != address:
            self.shop, self.day, self.is_ready = Shop(address), None, False
        return self.shop


def folder(settings: Settings) -> Path:
    """Return the folder that the helpdesk's process keeps its data in."""
    return settings.instance / FOLDER
