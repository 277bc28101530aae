/** The columns of every table that leaves the window in the tour, by its file's name with what varies in capitals. */
export const EXPORTED_TABLES: Record<string, string> = {
  'DATASET-mos.csv': 'from,to,images',
  'IMAGE-difference.csv': 'first,second,mean,max,differing,PSNR',
  'IMAGE-mean.intensity.entropy.csv': 'row,column,left,top,right,bottom,value (bits)',
  'IMAGE-neighbours.csv': 'image,dataset,cosine,MOS',
  'IMAGE-nss.csv': 'feature,family,value,z',
  'IMAGE-scores.csv': 'source,score,std,residual,gate nss,gate small-encoder',
  'compare-N.csv':
    'run,label,dataset,streams,gate,protocol,n,SROCC,SROCC difference,SROCC difference lo,SROCC difference hi,SROCC share below 0,PLCC,PLCC difference,PLCC difference lo,PLCC difference hi,PLCC share below 0,PLCC after logistic,KROCC,RMSE,parameters',
  'comparison-N-differences.csv': 'from,to,images',
  'comparison-N-pairs.csv': 'picture,quality B − A,prediction A,std A,prediction B,std B',
  'comparison-N-scatter.csv': 'picture,quality A,quality B',
  'comparison-N.csv':
    'name,difference,a_file,a_prediction,a_prediction_std,a_quality,a_error,b_file,b_prediction,b_prediction_std,b_quality,b_error',
  'cross-dataset.csv': 'model,trained on,DATASET',
  'delta-N.csv': 'type,distortion,category,n,SROCC with,SROCC without,delta',
  'gate-delta-N-small-encoder.csv': 'type,distortion,category,mean gate of small-encoder,delta',
  'gate-inputs.csv': 'run,gate input,SROCC,spread of gates,rho,p,types',
  'published-distortion-aware-fusion-table-N.csv':
    'method,source,koniq-10k SROCC,koniq-10k PLCC,kadid-10k SROCC,kadid-10k PLCC,live-itw SROCC,live-itw PLCC',
  'run-N-curves.csv': 'part,epoch,loss,learning rate',
  'run-N-folds.csv': 'fold,n,SROCC,PLCC,KROCC,RMSE',
  'run-N-gates-by-category.csv': 'distortion,nss,small-encoder',
  'run-N-gates-distortion-level-nss.csv': 'distortion,level 1,level 2,level 3,level 4,level 5',
  'run-N-gates-distortion-stream.csv': 'distortion,nss,small-encoder',
  'run-N-gates-images.csv': 'image,nss,small-encoder',
  'run-N-gates-level-stream.csv': 'level,nss,small-encoder',
  'run-N-ladder-gate-nss.csv': 'group,level,mean gate nss',
  'run-N-ladder-gate-small-encoder.csv': 'group,level,mean gate small-encoder',
  'run-N-monotonicity.csv': 'type,distortion,group,ladders,steps,right steps, %,mean SROCC,mean KROCC',
  'run-N-per-distortion.csv': 'type,distortion,n,SROCC',
  'run-N-per-level.csv': 'level,n,SROCC',
  'run-N-rater-spread.csv': 'from,to,images,std of the ratings,mean |residual|',
  'run-N-residuals.csv': 'from,to,images',
  'run-N-scatter.csv': 'image,MOS,prediction,fold (from 0),distortion',
  'run-N-worst-ladders.csv': 'reference,distortion,right steps, %,SROCC,levels,scores',
  'run-N-worst.csv': 'image,MOS,prediction,residual,distortion,level',
  'run-N.csv': 'image,mos,mos_std,prediction,prediction_std,fold,group,distortion,level',
  'runs.csv': 'run,label,dataset,streams,protocol,n,SROCC,lo,hi,PLCC,KROCC,RMSE,warnings',
  'scores-N-histogram.csv': 'from,to,images',
  'scores-N-table.csv': 'image,prediction,std',
  'scores-N.csv': 'image,prediction,prediction_std,error',
  'run-N-ladder-TYPES.csv': 'type,distortion,level,n,mean score,std,gate nss,gate small-encoder',
};

/** A file's name as it stands in EXPORTED_TABLES. */
export function tableKind(file: string): string {
  return file
    .replace(/^.*\.(png|jpe?g)-/, 'IMAGE-')
    .replace(/^.*-mos\.csv$/, 'DATASET-mos.csv')
    .replace(/(?<=-ladder-)(?!gate-).*(?=\.csv$)/, 'TYPES')
    .replace(/\d+(-\d+)*/g, 'N');
}
