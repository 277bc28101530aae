/** A map over a picture as pixels: on the page, and saved with its picture. */
import { colourAt, placeOf, scaleEnds } from './colour-scale.ts';
import { valueText, type PictureMap } from './picture-map.ts';

/** One pixel per cell. */
export function paintMap(map: PictureMap): ImageData {
  const ends = scaleEnds(map.kind, map.values);
  const image = new ImageData(map.columns, map.rows);
  map.values.forEach((value, i) => image.data.set([...colourAt(map.kind, placeOf(value, ends)), 255], i * 4));
  return image;
}

const FOOT = 74;

/** The picture at its own size with the map over it, and below it the scale, its ends and where the numbers come from. */
export async function pictureWithMap(src: string, map: PictureMap, opacity: number): Promise<Blob> {
  const picture = new Image();
  picture.src = src;
  await picture.decode();
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(480, picture.naturalWidth);
  canvas.height = picture.naturalHeight + FOOT;
  const context = canvas.getContext('2d')!;
  context.fillStyle = '#ffffff';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(picture, 0, 0);
  context.imageSmoothingEnabled = false;
  context.globalAlpha = opacity;
  context.drawImage(await createImageBitmap(paintMap(map)), 0, 0, map.width, map.height);
  context.globalAlpha = 1;
  drawFoot(context, map, picture.naturalHeight);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) =>
      blob === null ? reject(new Error('The PNG could not be made.')) : resolve(blob),
    );
  });
}

function drawFoot(context: CanvasRenderingContext2D, map: PictureMap, top: number): void {
  const font = "Helvetica, Arial, 'Liberation Sans', sans-serif";
  const [low, high] = scaleEnds(map.kind, map.values);
  for (let x = 0; x < 160; x++) {
    context.fillStyle = `rgb(${colourAt(map.kind, x / 159).join(' ')})`;
    context.fillRect(8 + x, top + 30, 1, 10);
  }
  context.fillStyle = '#1a1d20';
  context.font = `bold 12px ${font}`;
  context.fillText(map.title, 8, top + 20);
  context.font = `11px ${font}`;
  context.fillText(`${valueText(low)} to ${valueText(high)} ${map.unit}`, 176, top + 39);
  context.fillStyle = '#565e66';
  context.font = `9px ${font}`;
  context.fillText(map.provenance, 8, top + 60);
}
