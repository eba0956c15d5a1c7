import { openStore } from '/work/main/localstack/embedded/store.ts';
import { createFolderObjects } from '/work/main/localstack/embedded/folder-objects.ts';
import fs from 'node:fs';
const value = { model:'churn', request_id:'x'.repeat(20), version:'v3', at: Date.now(), features: Object.fromEntries(Array.from({length:15},(_,i)=>['feature_'+i, Math.random()*1000])), answer:{predicted_class:'yes',confidence:0.83,probabilities:{yes:0.83,no:0.17}} };
console.log('value bytes', JSON.stringify(value).length);
async function run(n:number,w:number,f:(i:number)=>Promise<unknown>){let i=0;const t=performance.now();await Promise.all(Array.from({length:w},async()=>{while(i<n)await f(i++);}));return n/(performance.now()-t)*1000|0;}
for (const feed of [false,true]) {
  const dir=fs.mkdtempSync('/tmp/sb/d'); const store=openStore({dir}); const table=store.table('p',{feed});
  const exp=Math.floor(Date.now()/1000)+86400;
  console.log('feed',feed,'putIfAbsent 64 writers', await run(60000,64,i=>table.putIfAbsent({pk:'churn#'+i,sk:'prediction'},value,{expiresAt:exp})));
  console.log('  putIfAbsent 64 writers, no expiry', await run(60000,64,i=>table.putIfAbsent({pk:'churn#n'+i,sk:'prediction'},value)));
  console.log('  putIfRevision 64', await run(30000,64,i=>table.putIfRevision({pk:'churn#'+i,sk:'prediction'},value,1)));
  console.log('  put 1 writer', await run(2000,1,i=>table.putIfAbsent({pk:'one#'+i,sk:'prediction'},value)));
  console.log('  get', await run(60000,64,i=>table.get({pk:'churn#'+i,sk:'prediction'})));
  if(feed){ let n=0; const t=performance.now(); const total=60000+60000+30000+2000; await new Promise<void>(r=>store.feed('p').deliver(async e=>{n+=e.Records.length; if(n>=total)r();},{maxWaitMs:0})); console.log('  deliver', n/(performance.now()-t)*1000|0,'/s'); 
   await store.feed('p').close();
   const t2=performance.now(); let k=0; const d=store.feed('p').deliver(async e=>{k+=e.Records.length},{maxWaitMs:20});
   console.log('  put 64 with delivery running', await run(60000,64,i=>table.putIfAbsent({pk:'dd#'+i,sk:'prediction'},value))); await d.close();}
  const ts=performance.now(); 
  await store.close(); console.log('db MB', fs.statSync(dir+'/store.lmdb').size/1e6|0, 'rss', process.memoryUsage().rss/1e6|0); fs.rmSync(dir,{recursive:true});
}
const dir=fs.mkdtempSync('/tmp/sb/o'); const o=createFolderObjects(dir); const b=Buffer.alloc(2000);
console.log('objects put 16', await run(4000,16,i=>o.put('archive/model=churn/dt=2024-01-01/'+i,b)), 'put 1', await run(500,1,i=>o.put('x/'+i,b)), 'putIfAbsent 16', await run(3000,16,i=>o.putIfAbsent('y/'+i,b)), 'get', await run(4000,16,i=>o.get('archive/model=churn/dt=2024-01-01/'+i)));
const t=performance.now(); const l=await o.list('archive/'); console.log('list', l.length, performance.now()-t|0,'ms');
fs.rmSync(dir,{recursive:true});
