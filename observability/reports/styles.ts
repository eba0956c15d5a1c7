/** The look of a report: a calm page of text and figures, light or dark as the reader's system is, and printable. */

import { SYMBOL } from './words.ts';

/** Contrast of every text colour against its ground is at least 4.5 : 1 in both schemes. */
export const STYLES = `
:root{color-scheme:light dark;--bg:#fcfbf8;--ink:#1e1f22;--soft:#5b5f66;--line:#dedbd3;--wash:#f4f2ec;--ref:#b9bec6;--cur:#1c5a9c;
--critical:#a8201a;--warning:#8a5200;--shifted:#5a4f9c;--insufficient_data:#5b5f66;--stable:#256b43}
@media screen and (prefers-color-scheme:dark){:root{--bg:#17181b;--ink:#e6e4df;--soft:#a4a8af;--line:#34363b;--wash:#1f2024;--ref:#575c66;--cur:#7db8f2;
--critical:#ff8d84;--warning:#efb155;--shifted:#b5aaf5;--insufficient_data:#a4a8af;--stable:#7fcf9f}}
*{box-sizing:border-box}
html{scroll-behavior:smooth}
body{margin:0;background:var(--bg);color:var(--ink);font:17px/1.55 Charter,"Bitstream Charter","Iowan Old Style","Palatino Linotype",Georgia,serif;overflow-wrap:anywhere}
main,header,footer{max-width:1160px;margin:0 auto;padding:0 24px}
header{padding-top:48px}
h1,h2,h3,p,ul,table,figure{margin:0}
.kicker,nav,.links,table,figcaption,svg,.v,.tag,footer,.counts{font-family:ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
.kicker{font-size:13px;color:var(--soft)}
h1{font-size:34px;line-height:1.2;font-weight:600;letter-spacing:-.01em;margin:6px 0 18px;text-wrap:balance}
h2{font-size:23px;font-weight:600;margin:52px 0 6px;padding-top:12px;border-top:1px solid var(--line)}
h3{font-size:17px;font-weight:600;display:inline}
h4{font-size:15px;font-weight:600;margin:20px 0 4px}
p{max-width:70ch}
p+p{margin-top:10px}
.lead{color:var(--soft);margin:0 0 14px}
.none{color:var(--soft);font-style:italic}
a{color:inherit;text-decoration-color:var(--ref);text-underline-offset:3px}
a:hover{text-decoration-color:currentColor}
:focus-visible{outline:2px solid var(--cur);outline-offset:2px}
.verdict{border-left:5px solid var(--level);padding:2px 0 2px 20px;margin:0 0 22px}
.verdict p{font-size:25px;line-height:1.3;font-weight:600;max-width:none}
ul{padding-left:20px;max-width:75ch}
li{unicode-bidi:isolate}
li::marker{color:var(--soft)}
.v{font-size:13px;font-weight:600;color:var(--level);white-space:nowrap}
.v::before{content:"\\25CF\\a0"}
${Object.entries(SYMBOL)
  .map(
    ([level, symbol]) =>
      `.${level}{--level:var(--${level})}.v.${level}::before{content:"${symbol}\\a0";content:"${symbol}\\a0"/""}`,
  )
  .join('\n')}
.verdict p{color:var(--level)}
.tag{font-size:12px;font-weight:400;color:var(--soft);border:1px solid var(--line);border-radius:3px;padding:0 5px;margin-left:6px;white-space:nowrap}
.links{font-size:14px;display:flex;flex-wrap:wrap;gap:4px 18px;max-width:none;margin-top:12px}
nav{font-size:14px;margin:22px 0 0;display:flex;flex-wrap:wrap;gap:4px 18px}
.counts{display:flex;flex-wrap:wrap;gap:4px 22px;font-size:14px;list-style:none;padding:0;margin:0 0 18px;font-variant-numeric:tabular-nums}
.scroll{overflow-x:auto;margin:10px 0}
table{border-collapse:collapse;font-size:14px;line-height:1.4;font-variant-numeric:tabular-nums;width:100%}
table.fit{width:auto;min-width:40%;margin:10px 0}
th,td{padding:6px 0 6px 14px;text-align:right;vertical-align:top;border-bottom:1px solid var(--line);overflow-wrap:normal}
th:first-child,td:first-child{padding-left:0}
thead th{font-size:12px;font-weight:600;color:var(--soft);vertical-align:bottom;border-bottom:1px solid var(--soft)}
tbody th{font-weight:500;min-width:9em;overflow-wrap:anywhere}
th:first-child,.l,.kind{text-align:left}
td{white-space:nowrap}
td.l{white-space:normal;overflow-wrap:anywhere;min-width:8em}
.kind{color:var(--soft)}
td.w{color:var(--soft)}
tbody tr:hover{background:var(--wash)}
svg{display:block}
.sp{width:92px;height:23px}
.ch{width:100%;max-width:760px;height:auto;font-size:11px;fill:var(--soft)}
.r{fill:var(--ref)}
.c{fill:none;stroke:var(--cur);stroke-width:1.8}
.sp .c{stroke-width:1.4}
.b{fill:var(--cur)}
.g{stroke:var(--line);fill:none}
.y{text-anchor:end}
.x{text-anchor:middle}
.t{font-weight:600}
.h rect{fill:transparent;y:8px;height:150px}
.h rect:hover{fill:var(--cur);fill-opacity:.12}
.mi{width:120px;height:16px;margin-top:3px}
figure{margin:14px 0}
figcaption{font-size:13px;color:var(--soft);margin-bottom:4px}
.k{display:inline-block;width:22px;height:11px;margin:0 6px 0 14px;background:var(--ref)}
.k:first-child{margin-left:0}
.k.now{background:none;border-top:3px solid var(--cur);height:4px;vertical-align:3px}
.k.bar{background:var(--cur);height:11px;border:0;vertical-align:baseline}
details{border-bottom:1px solid var(--line)}
summary{padding:9px 0;cursor:pointer}
summary:hover{background:var(--wash)}
summary .v{margin:0 8px}
summary .why{color:var(--soft);font-size:15px}
details[open] .why{display:none}
.body{padding:2px 0 26px 18px;scroll-margin-top:64px}
.pair{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:0 36px;align-items:start}
footer{font-size:13px;color:var(--soft);padding-top:40px;padding-bottom:48px}
dt{font-weight:600;margin-top:12px}
dd{margin:0;max-width:70ch}
@media(max-width:820px){body{font-size:16px}h1{font-size:27px}.verdict p{font-size:21px}header{padding-top:28px}main,header,footer{padding-left:16px;padding-right:16px}.wide{display:none}.body{padding-left:0}.pair{display:block}.ch{min-width:480px;font-size:15px;overflow:visible}figure{overflow-x:auto;padding-left:10px}.ch:has(.g){min-width:0;font-size:18px}.scroll td.l:not(:has(.v,bdi,svg)){min-width:17em}}
@media print{:root{color-scheme:light;--bg:#fff;--wash:#fff}td{white-space:normal}td.l,tbody th{min-width:0}th,td{padding-left:8px}body{font-size:10.5pt}nav,.links,.h{display:none}main,header,footer{max-width:none;padding-left:0;padding-right:0}h2,h3,summary{break-after:avoid}figure,tr,li{break-inside:avoid}.scroll{overflow:visible}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}table{font-size:8.5pt}}
@media(prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
`;
