"""Writes vision-pillow.json, what Pillow and NumPy make of the pictures of vision-pictures.ts and of ../shared/data:
python tests/unit/vision-pillow.py > tests/unit/vision-pillow.json (made with Pillow 12.3; no test runs this)."""

import hashlib
import json
import pathlib
import random

import numpy as np
from PIL import Image, ImageOps

SHARED = pathlib.Path(__file__).resolve().parents[3] / "shared/data"
FILTERS = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}
HALF = [0.5] * 3
CLIP = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
IMAGENET = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
PREPROCESSING = {
    "siglip-so400m-384": dict(size=384, filter="bicubic", mean=HALF, std=HALF),
    "siglip2-base-224": dict(size=224, filter="bilinear", mean=HALF, std=HALF),
    "clip-vit-h14-laion2b": dict(size=224, crop=224, filter="bicubic", mean=CLIP[0], std=CLIP[1]),
    "dinov2-large": dict(size=256, crop=224, filter="bicubic", mean=IMAGENET[0], std=IMAGENET[1]),
}
FILES = [
    "agiqa-3k-sample/images/AttnGAN_normal_007.jpg",
    "live-itw-sample/ChallengeDB_release/Images/1024.JPG",
    "small/koniq_512x384/10007903636.jpg",
]


def picture(kind, width, height):
    if kind == "noise":
        values = (np.arange(width * height * 3, dtype=np.uint64) * 2654435761 % 2**32) >> 24
        return values.astype(np.uint8).reshape(height, width, 3)
    y, x, c = np.mgrid[:height, :width, :3]
    return (x * 3 + y * 5 + c * 85 + (x * y >> 4) & 255).astype(np.uint8)


def resize_rows():
    random.seed(3)
    cases = [("noise", 1024, 768, 384, "bicubic"), ("ramp", 512, 384, 224, "bilinear")]
    for kind, width, height, size, filter in cases:
        side = int(0.85 * height + 0.5)
        yield resize_row(kind, width, height, [7, 5, side, side], size, size, filter, [0, 0, size, size])
    for i in range(60):
        width, height = random.randint(1, 260), random.randint(1, 260)
        w, h = random.randint(1, width), random.randint(1, height)
        region = [random.randint(0, width - w), random.randint(0, height - h), w, h]
        out_w, out_h = random.choice([(random.randint(1, 150), random.randint(1, 150)), (w, random.randint(1, 99))])
        ww, wh = random.randint(1, out_w), random.randint(1, out_h)
        window = [random.randint(0, out_w - ww), random.randint(0, out_h - wh), ww, wh]
        kind, filter = random.choice(["noise", "ramp"]), random.choice(["bicubic", "bilinear"])
        yield resize_row(kind, width, height, region, out_w, out_h, filter, window)


def resize_row(kind, width, height, region, out_w, out_h, filter, window):
    image = Image.fromarray(picture(kind, width, height)).crop(box(region))
    result = image.resize((out_w, out_h), FILTERS[filter]).crop(box(window))
    sha256 = hashlib.sha256(result.tobytes()).hexdigest()
    return [kind, width, height, *region, out_w, out_h, filter, *window, sha256]


def box(region):
    x, y, width, height = region
    return x, y, x + width, y + height


def preprocess(image, size, filter, mean, std, crop=None):
    """torchvision's Resize (on PIL), CenterCrop, ToTensor and Normalize, without torchvision."""
    if crop is None:
        image = image.resize((size, size), FILTERS[filter])
    else:
        short = min(image.size)
        width, height = (int(size * side / short) for side in image.size)
        image = image.resize((width, height), FILTERS[filter])
        x, y = int(round((width - crop) / 2.0)), int(round((height - crop) / 2.0))
        image = image.crop((x, y, x + crop, y + crop))
    values = np.asarray(image).astype(np.float32) / np.float32(255)
    values = (values - np.array(mean, np.float32)) / np.array(std, np.float32)
    return values.transpose(2, 0, 1)


def tensor_row(source, image, region, encoder):
    tensor = preprocess(image.crop(box(region)), **PREPROCESSING[encoder]).ravel()
    at = np.linspace(0, tensor.size - 1, 12).astype(int)
    return dict(source=source, region=region, encoder=encoder,
                samples=[[int(i), float(tensor[i])] for i in at],
                mean=float(tensor.mean(dtype=np.float64)), squares=float((tensor.astype(np.float64) ** 2).mean()))


def tensor_rows():
    for source in (["noise", 131, 90], ["ramp", 90, 131], ["ramp", 301, 500]):
        image = Image.fromarray(picture(*source))
        for encoder in PREPROCESSING:
            yield tensor_row(source, image, [0, 0, source[1], source[2]], encoder)
            yield tensor_row(source, image, [3, 5, 77, 77], encoder)
    for file in FILES:
        image = ImageOps.exif_transpose(Image.open(SHARED / file)).convert("RGB")
        side = int(0.85 * min(image.size) + 0.5)
        for encoder in PREPROCESSING:
            yield tensor_row(file, image, [image.width - side, 0, side, side], encoder)
        yield tensor_row(file, image, [0, 0, *image.size], "dinov2-large")


def lines(rows):
    return "[\n" + ",\n".join("    " + json.dumps(row) for row in rows) + "\n  ]"


print('{\n  "resizes": ' + lines(resize_rows()) + ',\n  "tensors": ' + lines(tensor_rows()) + "\n}")
