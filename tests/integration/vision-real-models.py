"""Makes vision-real-models.json: five crops with Pillow, ONNX Runtime, norms and mean in float64.

Run in the folder of the repository with Pillow, numpy and onnxruntime: python tests/integration/vision-real-models.py
"""
import json
import math
import pathlib

import numpy as np
import onnxruntime as ort
from PIL import Image, ImageOps
A='../shared/data/agiqa-3k-sample/images/'; L='../shared/data/live-itw-sample/ChallengeDB_release/Images/'
files=[A+'AttnGAN_normal_007.jpg',A+'xl2.2_normal_295.jpg',L+'235.bmp',L+'1024.JPG']
M={'dbcnn-scnn':('pooled128',[.485,.456,.406],[.229,.224,.225]),'mobilenet-v2':('pooled',[.5]*3,[.5]*3)}
o=ort.SessionOptions(); o.intra_op_num_threads=1
out={}
for k,(name,mean,std) in M.items():
    s=ort.InferenceSession(f'../shared/models/{k}.onnx',o,providers=['CPUExecutionProvider'])
    for f in files:
        im=ImageOps.exif_transpose(Image.open(f)).convert('RGB'); W,H=im.size; c=math.floor(.85*min(W,H)+.5)
        boxes=[((W-c)//2,(H-c)//2),(0,0),(W-c,0),(0,H-c),(W-c,H-c)]
        x=np.stack([((np.asarray(im.crop((x,y,x+c,y+c)).resize((224,224),Image.BICUBIC),np.float32)/np.float32(255)-np.float32(mean))/np.float32(std)).transpose(2,0,1) for x,y in boxes]).astype(np.float32)
        e=s.run([name],{'pixel_values':x})[0].astype(np.float64); v=(e/np.linalg.norm(e,axis=1,keepdims=True)).mean(0)
        step=len(v)//8; i=int(np.abs(v).argmax())
        out.setdefault(k,{})[pathlib.Path(f).name]={'largest':[i,round(float(v[i]),8)],'every':[round(float(a),8) for a in v[::step][:8]],'norm':round(float(np.linalg.norm(v)),8)}
pathlib.Path('tests/integration/vision-real-models.json').write_text(json.dumps(out))
