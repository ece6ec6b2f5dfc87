"""Which letter is made how: one recipe a letter, the only list of them."""

from dataclasses import dataclass, field

WHITE = (0.985, 0.985, 0.98)
RECYCLED = (0.90, 0.895, 0.865)
CREAM = (0.97, 0.945, 0.89)


@dataclass(frozen=True)
class Letter:
    name: str  # file name; its stem is the name of the HTML
    type: str  # document type of the taxonomy, or "review"
    form: str  # "pdf", "tiff", "jpeg", "png", "photo", "born-digital"
    kind: str  # the kind of input, in words
    notes: str
    dpi: int = 200
    colour: bool = False
    bitonal: bool = False
    bitonal_pages: tuple = ()  # 1-based; in a PDF of mixed pages
    duplex: bool = False
    upside_down: bool = False
    turns: dict = field(default_factory=dict)  # page: clockwise degrees that bring it upright
    skew: float = 0.0  # clockwise degrees by which it lies askew
    ink: float = 1.0
    toner: float = 0.06
    blur: float = 0.55  # pixels at 200 dpi
    tint: tuple = WHITE
    grain: float = 0.006
    cloud: float = 0.006  # unevenness of the paper
    black: float = 0.05  # scanner's black point
    white: float = 0.985  # scanner's white point
    folds: bool = False
    holes: bool = False
    dust: int = 12
    streak: bool = False
    lid: float = 0.0  # darkness of the lid's shadow
    levels: int = 32  # grey levels or colours of a lossless file
    quality: int = 68

    @property
    def stem(self):
        return self.name.rsplit(".", 1)[0]

    @property
    def seed(self):
        return 4300 + int(self.name[:2])


LETTERS = (
    Letter("01-rechnung-malerbetrieb.pdf", "20-RECH", "pdf", "PDF, colour JPEG, 200 dpi",
           "office scanner, image only; dirt on the feeder's glass draws a line; table, Leitweg-ID, IBAN", colour=True, streak=True, folds=True),
    Letter("02-hundesteuer-anmeldung.jpg", "22-HUND", "photo", "JPEG from a phone, colour",
           "EXIF orientation 6 brings it upright; perspective, warm uneven light, shadow of a hand", dpi=300, colour=True, quality=74),
    Letter("03-grundsteuermessbetrag-finanzamt.tif", "22-GRST", "tiff", "TIFF, bitonal CCITT G4, 300 dpi",
           "letter of an authority; specks; tables", dpi=300, bitonal=True, dust=60, skew=0.3),
    Letter("04-widerspruch-strassenreinigung.tif", "30-WIDER", "tiff", "TIFF, grey deflate, 200 dpi",
           "duplex stack of three sheets, blank backs with show-through; hyphenated lines; Vollmacht as annex", duplex=True, levels=24, grain=0.002, white=0.965),
    Letter("05-einspruch-bussgeldbescheid.pdf", "32-OWI", "pdf", "PDF, grey JPEG, 200 dpi",
           "askew by about 2 degrees, shadow of the lid", skew=2.1, lid=0.5, folds=True),
    Letter("06-gewerbeanmeldung.png", "32-GEWAN", "png", "PNG, grey, 200 dpi", "form filled in with a typewriter face", levels=16, grain=0.003, white=0.96, dust=6),
    Letter("07-wohnungsgeberbestaetigung.pdf", "33-WGB", "pdf", "PDF, grey JPEG, 200 dpi", "upside down", upside_down=True, holes=True, skew=-0.4),
    Letter("08-anmeldung-meldeschein.pdf", "33-ANM", "pdf", "PDF, bitonal CCITT G4, 300 dpi", "dense form with small print", dpi=300, bitonal=True, dust=20),
    Letter("09-wohngeldantrag.pdf", "50-WOGG", "pdf", "PDF, grey JPEG, 200 dpi", "pale print, toner nearly out; Verdienstbescheinigung as annex",
           ink=0.36, toner=0.10, grain=0.010, black=0.0, tint=(0.95, 0.95, 0.95), white=1.0),
    Letter("10-unterhaltsvorschuss.jpg", "51-UVG", "jpeg", "JPEG, colour, 250 dpi", "red received stamp (Eingangsstempel), blue signature", dpi=250, colour=True, folds=True),
    Letter("11-kita-anmeldung.jpg", "51-KITA", "jpeg", "JPEG, grey, 200 dpi", "fixed-width face; filing holes, shadow of the lid", holes=True, lid=0.35, skew=0.5, quality=64),
    Letter("12-bauantrag.pdf", "63-BA", "pdf", "PDF, colour JPEG, 200 dpi", "five pages: form, declarations, description, site plan, areas", colour=True, quality=68, skew=-0.2),
    Letter("13-grabnutzungsrecht.jpg", "67-GRAB", "jpeg", "JPEG, colour, 200 dpi", "cream paper, creases; signed twice", colour=True, tint=CREAM, white=1.0, folds=True, skew=-0.8),
    Letter("14-ifg-antrag.pdf", "10-IFG", "born-digital", "PDF, born digital", "real text layer, not PDF/A"),
    Letter("15-werbung-bueromoebel.jpg", "00-WERB", "jpeg", "JPEG, colour, 200 dpi", "advertising with large coloured areas; not to be scanned", colour=True, quality=62, toner=0.03),
    Letter("16-privatbrief.png", "review", "png", "PNG, palette of 16 colours, 200 dpi", "private letter in italics that no cue can place: must end in the review tray",
           colour=True, levels=16, tint=RECYCLED, white=1.0, grain=0.002, cloud=0.0004, dust=4),
    Letter("17-stellungnahme-bebauungsplan.pdf", "61-STELL", "pdf", "PDF, colour JPEG and bitonal CCITT G4, 300 dpi",
           "scanner with automatic colour: page 1 colour, page 2 bitonal", dpi=300, colour=True, bitonal_pages=(2,), quality=60),
    Letter("18-strassenaufbruch-stadtwerke.pdf", "66-AUFBR", "pdf", "PDF, grey JPEG, 200 dpi", "recycled paper; the plan on page 2 lies on its side",
           turns={2: 270}, tint=RECYCLED, white=1.0, grain=0.012),
)
