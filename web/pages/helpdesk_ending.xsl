<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:m="urn:inkan:messages"
                xmlns:i="urn:inkan:functions" exclude-result-prefixes="m i">

    <!-- What ends soon and has no successor yet: the list, and the mail to its owners. -->

    <xsl:template match="desk-ending" mode="title"><m:t k="ending.title"/></xsl:template>
    <xsl:template match="desk-ending" mode="main">
        <xsl:call-template name="desk-nav"/>
        <xsl:call-template name="notice"/>
        <h1><m:t k="ending.title"/></h1>
        <p class="lead"><m:t k="ending.lead" days="@days"/></p>
        <form method="get" action="/helpdesk/ending" class="card stat-form">
            <div class="desk-fields">
                <div class="field">
                    <label for="days"><m:t k="ending.within"/></label>
                    <select id="days" name="days">
                        <xsl:for-each select="span">
                            <option value="{@days}"><xsl:if test="@chosen"><xsl:attribute name="selected">selected</xsl:attribute></xsl:if><m:t k="ending.days" days="@days"/></option>
                        </xsl:for-each>
                    </select>
                </div>
                <xsl:if test="choice">
                    <div class="field">
                        <label for="institution"><m:t k="desk.institution"/></label>
                        <select id="institution" name="institution">
                            <option value=""><m:t k="desk.institution.all"/></option>
                            <xsl:for-each select="choice">
                                <option value="{@id}"><xsl:if test="@chosen"><xsl:attribute name="selected">selected</xsl:attribute></xsl:if><xsl:value-of select="i:name(.)"/></option>
                            </xsl:for-each>
                        </select>
                    </div>
                </xsl:if>
            </div>
            <p><button type="submit" class="main"><m:t k="stat.show"/></button></p>
        </form>
        <xsl:choose>
            <xsl:when test="not(row)"><p class="nothing"><m:t k="ending.none"/></p></xsl:when>
            <xsl:when test="not(@form-key)"><p class="hint"><m:t k="ending.choose"/></p><xsl:call-template name="ending-table"/></xsl:when>
            <xsl:otherwise>
                <xsl:call-template name="ending-all"/>
                <form method="post" action="/helpdesk/ending">
                    <xsl:call-template name="ending-form"/>
                    <input type="hidden" name="what" value="selection"/>
                    <input type="hidden" name="rows"><xsl:attribute name="value"><xsl:for-each select="row"><xsl:if test="position() &gt; 1"><xsl:text> </xsl:text></xsl:if><xsl:value-of select="@number"/></xsl:for-each></xsl:attribute></input>
                    <xsl:call-template name="ending-table"/>
                    <p class="actions"><button type="submit"><m:t k="ending.mail.selection"/></button></p>
                </form>
            </xsl:otherwise>
        </xsl:choose>
        <p class="table-links">
            <xsl:if test="@next"><a href="{@next}"><m:t k="desk.next"/></a></xsl:if>
            <xsl:if test="@tsv"><a href="{@tsv}"><m:t k="desk.tsv"/></a></xsl:if>
        </p>
    </xsl:template>

    <xsl:template name="ending-form">
        <xsl:call-template name="csrf"/>
        <xsl:call-template name="form-key"><xsl:with-param name="key" select="@form-key"/></xsl:call-template>
        <input type="hidden" name="days" value="{@days}"/>
        <input type="hidden" name="institution" value="{@institution}"/>
    </xsl:template>

    <xsl:template name="ending-all">
        <xsl:if test="@mails &gt; 0">
            <form method="post" action="/helpdesk/ending" class="ending-all">
                <xsl:call-template name="ending-form"/>
                <input type="hidden" name="what" value="all"/>
                <p class="actions"><button type="submit" class="main"><m:t k="ending.mail.all" mails="format-number(@mails, '#,##0')"/></button></p>
            </form>
        </xsl:if>
    </xsl:template>

    <xsl:template name="ending-table">
        <xsl:variable name="page" select="."/>
        <xsl:call-template name="shapes"/>
        <table class="requests desk-rows">
            <thead>
                <tr>
                    <xsl:if test="@form-key"><th scope="col"><m:t k="ending.mail"/></th></xsl:if>
                    <th scope="col"><m:t k="dashboard.number"/></th>
                    <th scope="col"><m:t k="desk.person"/></th>
                    <th scope="col"><m:t k="dashboard.what"/></th>
                    <th scope="col"><m:t k="dashboard.state"/></th>
                    <th scope="col"><m:t k="desk.end"/></th>
                    <th scope="col"><m:t k="ending.told"/></th>
                </tr>
            </thead>
            <tbody>
                <xsl:for-each select="row">
                    <tr data-request="{@number}" data-state="{@state}">
                        <xsl:if test="$page/@form-key"><td class="ending-tick"><xsl:if test="not(@quiet)"><input type="checkbox" id="n{@number}" name="n{@number}" value="1" aria-labelledby="r{@number}"/></xsl:if></td></xsl:if>
                        <th scope="row"><a href="/helpdesk/requests/{@number}" class="number" id="r{@number}"><m:t k="number" number="@number"/></a></th>
                        <td m:data-label="desk.person"><a href="/helpdesk/people/{@person}"><xsl:call-template name="desk-name"/></a><xsl:if test="institution"><span class="sub"><xsl:value-of select="i:name(institution)"/></span></xsl:if></td>
                        <td class="what"><xsl:call-template name="what"/><xsl:if test="@memo != ''"><span class="memo"><xsl:value-of select="@memo"/></span></xsl:if></td>
                        <td><xsl:call-template name="state"/></td>
                        <td m:data-label="desk.end"><time datetime="{@not-after}"><xsl:value-of select="i:day(@not-after)"/></time><span class="sub"><xsl:call-template name="days-left"/></span></td>
                        <td m:data-label="ending.told"><xsl:choose>
                            <xsl:when test="@quiet"><span class="sub"><m:t k="ending.quiet"/></span></xsl:when>
                            <xsl:when test="@told-at"><time datetime="{@told-at}"><xsl:value-of select="i:day(@told-at)"/></time></xsl:when>
                            <xsl:otherwise>–</xsl:otherwise>
                        </xsl:choose></td>
                    </tr>
                </xsl:for-each>
            </tbody>
        </table>
    </xsl:template>

    <!-- How many, to whom, once more -->
    <xsl:template match="desk-ending-confirm" mode="title"><m:t k="ending.confirm.title"/></xsl:template>
    <xsl:template match="desk-ending-confirm" mode="main">
        <xsl:call-template name="back"><xsl:with-param name="href" select="@back"/><xsl:with-param name="words"><m:t k="ending.title"/></xsl:with-param></xsl:call-template>
        <h1><m:t k="ending.confirm.title"/></h1>
        <p class="lead"><m:t k="ending.confirm.what" mails="format-number(@mails, '#,##0')" certificates="format-number(@certificates, '#,##0')" days="@days"/></p>
        <div class="card">
            <p><m:t k="ending.confirm.one"/></p>
            <ul>
                <xsl:if test="@off &gt; 0"><li><m:t k="ending.confirm.off" n="format-number(@off, '#,##0')"/></li></xsl:if>
                <xsl:if test="@recent &gt; 0"><li><m:t k="ending.confirm.recent" n="format-number(@recent, '#,##0')" days="@pause"/></li></xsl:if>
                <xsl:if test="@today &gt; 0"><li><m:t k="ending.confirm.today" n="format-number(@today, '#,##0')"/></li></xsl:if>
                <li><m:t k="ending.confirm.pause" days="@pause"/></li>
            </ul>
        </div>
        <form method="post" action="/helpdesk/ending">
            <xsl:call-template name="confirmed"><xsl:with-param name="key" select="@form-key"/></xsl:call-template>
            <input type="hidden" name="days" value="{@days}"/>
            <input type="hidden" name="institution" value="{@institution}"/>
            <input type="hidden" name="what" value="{@what}"/>
            <xsl:if test="chosen">
                <input type="hidden" name="rows"><xsl:attribute name="value"><xsl:for-each select="chosen"><xsl:if test="position() &gt; 1"><xsl:text> </xsl:text></xsl:if><xsl:value-of select="@number"/></xsl:for-each></xsl:attribute></input>
                <xsl:for-each select="chosen"><input type="hidden" name="n{@number}" value="1"/></xsl:for-each>
            </xsl:if>
            <p class="actions">
                <button type="submit" class="main"><m:t k="ending.confirm.do" mails="format-number(@mails, '#,##0')"/></button>
                <a class="button plain" href="{@back}"><m:t k="cancel"/></a>
            </p>
        </form>
    </xsl:template>
</xsl:stylesheet>
